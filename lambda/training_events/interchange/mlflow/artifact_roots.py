"""Where the artifacts of a run or a logged model are: with the log, unless a server or an experiment keeps them elsewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, cast

from training_events import mlflow_ids
from training_events.interchange.mlflow.address import SCHEME, artifacts_of, with_host
from training_events.interchange.mlflow.facts import ARTIFACT_URI

if TYPE_CHECKING:
    from training_events.folds.run_state import RunState

_WITH_LOG = (SCHEME, "mlflow-artifacts")
"""The log's own scheme, and that of what a server hands out itself, wherever it keeps it."""
_IN_LOG = f"{SCHEME}://"
"""Before what is recorded of artifacts that are kept with the log: a log is copied, and reached in several ways."""
_OWN = re.compile(r"/(?P<kind>runs|models)/(?P<owner>[^/?]+)/artifacts(?P<path>/[^?]*)?", re.DOTALL)


class ArtifactRoots:
    """`root` is the address below which artifacts are kept: that of the log itself, unless a server keeps them elsewhere."""

    def __init__(self, address: str, root: str | None) -> None:
        self._address, self._root = address, root or address
        self._is_elsewhere = self._root.partition(":")[0] not in _WITH_LOG

    def of_experiment(self, experiment_id: str) -> str:
        return _below(self._root, experiment_id) if self._is_elsewhere else self._root

    def of_run(self, state: RunState) -> str:
        """Whoever recorded that they are somewhere else has the last word."""
        recorded = state.tags.get(ARTIFACT_URI)
        return (
            str(recorded) if recorded else artifacts_of(self._root, "runs", mlflow_ids.run_id(state.stream.partition("/")[2]))
        )

    def tags_of_new_run(self, run_id: str, experiment_location: str) -> dict[str, str]:
        """What is to be recorded of a run whose artifacts are not kept with the log."""
        is_own = experiment_location == self._root and not self._is_elsewhere
        return {} if is_own else {ARTIFACT_URI: _below(experiment_location, f"{run_id}/artifacts")}

    def of_new_model(self, model_id: str, experiment_location: str) -> str:
        """What is to be recorded of where the files of a logged model are."""
        is_own = experiment_location == self._root and not self._is_elsewhere
        return in_log("models", model_id) if is_own else _below(experiment_location, f"models/{model_id}/artifacts")

    def recorded(self, uri: str) -> str:
        """As what an address is recorded that a caller gives: one of artifacts with the log without saying where the log is."""
        uri = with_host(uri)
        for root in (self._root, self._address):
            place, _, query = root.partition("?")
            place = place.rstrip("/") if place != _IN_LOG else place
            if uri.startswith(place) and (own := _OWN.fullmatch(uri.removeprefix(place).removesuffix(f"?{query}"))):
                return in_log(cast("Literal['runs', 'models']", own["kind"]), own["owner"], own["path"] or "")
        return uri

    def shown(self, uri: str) -> str:
        """The address under which a caller gets what is recorded."""
        own = _OWN.fullmatch(uri.removeprefix(_IN_LOG)) if uri.startswith(_IN_LOG) else None
        if own is None:
            return uri
        root = self._address if self._is_elsewhere else self._root
        place, mark, query = artifacts_of(root, cast("Literal['runs', 'models']", own["kind"]), own["owner"]).partition("?")
        return f"{place}{own['path'] or ''}{mark}{query}"


def in_log(kind: Literal["runs", "models"], owner: str, path: str = "") -> str:
    """As what the place of artifacts is recorded that are kept with the log; `path` begins with a slash."""
    return artifacts_of(_IN_LOG, kind, owner) + path


def _below(root: str, path: str) -> str:
    place, mark, query = root.partition("?")
    return f"{place.rstrip('/')}/{path}{mark}{query}"
