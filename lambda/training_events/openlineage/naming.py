"""What OpenLineage calls a run, a job and a dataset. https://openlineage.io/docs/spec/naming"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import quote, unquote
from uuid import NAMESPACE_URL, uuid5

from training_events.catalogue import CATALOGUE

if TYPE_CHECKING:
    from training_events.catalogue.run import TrainingStarted
    from training_events.folds.run_state import RunState

_ADDRESS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+):(?P<authority>//[^/]*)?/?(?P<path>.*)", re.DOTALL)


_OF_SSH = re.compile(r"(?P<host>[^/:\s]+@[^/:\s]+):(?P<path>[^\s]+)")


class Name(NamedTuple):
    """The name of a dataset or a job, in its namespace."""

    namespace: str
    name: str

    def to_dict(self) -> dict[str, Any]:
        return {"namespace": self.namespace, "name": self.name}


def run_uuid(namespace: str, stream: str, attempt: int = 1) -> str:
    """The UUID of an attempt of a run, or of a group: everybody makes the same one of the same names (RFC 9562, version 5).

    A further attempt is a run of its own there, because a run that has ended does not start again: `run/digits-7@2`.
    """
    return str(uuid5(uuid5(NAMESPACE_URL, namespace), stream if attempt == 1 else f"{stream}@{attempt}"))


def pinned_spec(state: RunState) -> TrainingStarted:
    """What the newest attempt pinned."""
    return cast("TrainingStarted", CATALOGUE["run"]["TrainingStarted"].convert(state.spec or {}))


def job_name(namespace: str, state: RunState) -> Name:
    """The job that a run is a run of: the model that it trains, else its program, else the run itself."""
    return Name(namespace, state.model or pinned_spec(state).entry_point or state.stream.partition("/")[2])


def repository_uri(repository: str) -> str:
    """A repository's address as a URI, as the facet's schema wants it: git also knows `git@host:path`, and folders.

    https://git-scm.com/docs/git-clone#_git_urls
    """
    if "://" in repository:
        return quote(repository, safe="%/:?#[]@!$&'()*+,;=~")
    if found := _OF_SSH.fullmatch(repository):
        return f"ssh://{found['host']}/{quote(found['path'].lstrip('/'))}"
    return "file:///" + quote(repository.lstrip("/"))


def dataset_name(namespace: str, uri: str | None, otherwise: str = "") -> Name:
    """Where a dataset is, as OpenLineage writes it: `s3://bucket` and the key, `file` and the path.

    What has no address, or a name in its place, is in the namespace of the jobs.
    """
    if uri is None or not (found := _ADDRESS.fullmatch(uri)) or not found["path"]:
        return Name(namespace, uri or otherwise)
    scheme, authority, path = found["scheme"], found["authority"], found["path"]
    if scheme == "file":
        return Name("file", "/" + unquote(path))
    return Name(scheme if authority is None else f"{scheme}:{authority}", path)
