"""The models of the log as a registry has them: found by the names that they have now, with versions that are numbers.

A model that was renamed keeps its stream, so its old name stays taken. A deleted one is hidden, and its numbers stay taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mlflow.utils.validation import _validate_model_name, _validate_model_version

from training_events.errors import Misused, NoSuchStream
from training_events.event import in_one_form
from training_events.interchange.mlflow.problems import invalid, missing, taken
from training_events.recorder.outside_run import stream_of
from training_events.stores.near_names import near_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow.exceptions import MlflowException

    from training_events.folds.model import ModelState, Version
    from training_events.folds.summary import ModelSummary
    from training_events.interchange.mlflow.workspace import Workspace


class RegisteredModels:
    """Finds registered models, and the versions of one, in what a process sees of a log.

    What it does not find, and a name that cannot be one, it raises as MLflow's exception.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def find(self, name: str) -> ModelState:
        """The model that is called this now, and that is not deleted."""
        state = self._called(name)
        if state is None or state.hidden is not None:
            raise missing(f"Registered Model with name={name} not found{self._hint(name)}")
        return state

    def version(self, name: str, version: str | int) -> tuple[ModelState, int]:
        """The model that is called this, and the number of its version, which is not deleted."""
        number, model = _validate_model_version(version), self.find(name)
        if number not in numbered(model):
            there = ", ".join(map(str, sorted(numbered(model)))) or "none"
            raise missing(f"Model Version (name={name}, version={number}) not found; there are: {there}")
        return model, number

    def all(self) -> Iterator[ModelSummary]:
        """Every model that is registered and not deleted, the newest first."""
        return (model for model in self._summaries() if not model.hidden)

    def state(self, model: ModelSummary) -> ModelState:
        return cast("ModelState", self._workspace.state(model.stream))

    def free_or_deleted(self, name: str) -> tuple[str, ModelState | None]:
        """The stream for a new model of this name, and its state if a deleted model had the name, which comes back.

        Raises RESOURCE_ALREADY_EXISTS where the name is taken.
        """
        state = self._called(name)
        if state is not None and state.hidden is not None:
            return state.stream, state
        if state is not None:
            raise _already(name, "")
        if (earlier := self.at(name)) is not None:
            raise _already(name, _why_taken(earlier))
        return _stream(name), None

    def check_free(self, name: str, for_stream: str) -> None:
        """Raises RESOURCE_ALREADY_EXISTS where another model is, or was, called this."""
        called, earlier = self._called(name), self.at(name)
        if called is not None and called.stream != for_stream:
            raise _already(name, "" if called.hidden is None else "; it is deleted, and its name stays taken")
        if earlier is not None and earlier.stream != for_stream:
            raise _already(name, _why_taken(earlier))

    def at(self, name: str) -> ModelState | None:
        """What the log has in the stream of this name, whatever it is called by now."""
        try:
            return cast("ModelState", self._workspace.state(_stream(name)))
        except NoSuchStream:
            return None

    def _called(self, name: str) -> ModelState | None:
        own = self.at(name)
        if own is not None and is_registered(own) and in_one_form(shown_name(own)) == in_one_form(name):
            return own
        renamed = (model for model in self._summaries() if model.name and in_one_form(model.name) == in_one_form(name))
        found = sorted(renamed, key=lambda model: model.hidden)
        return self.state(found[0]) if found else None

    def _hint(self, name: str) -> str:
        renamed = self.at(name)
        if renamed is not None and renamed.hidden is None and is_registered(renamed):
            return f"; it is called {shown_name(renamed)} now"
        near = near_names(name, (shown_name(model) for model in self.all()))
        return f"; near names: {', '.join(near)}" if near else ""

    def _summaries(self) -> Iterator[ModelSummary]:
        summaries = cast("Iterator[ModelSummary]", self._workspace.summaries("model"))
        return (model for model in summaries if not model.is_only_logged)


def shown_name(model: ModelState | ModelSummary) -> str:
    """What a model is called: by the name that it was given last, else by that of its stream."""
    return model.name or model.stream.partition("/")[2]


def is_registered(state: ModelState) -> bool:
    """Whether it is more than a model that a training has logged."""
    return state.logged is None or bool(state.versions)


def numbered(state: ModelState) -> dict[int, Version]:
    """The versions that are not deleted, by their numbers. MLflow knows no other names, so it does not see such versions."""
    return {
        number: version
        for name, version in state.versions.items()
        if (number := _number(name)) is not None and version.hidden_at is None
    }


def next_number(state: ModelState) -> int:
    """The number of the next version, as far as this process sees: that of a deleted one is not given again."""
    return max((number for name in state.versions if (number := _number(name)) is not None), default=0) + 1


def _number(name: str) -> int | None:
    return int(name) if name.isascii() and name.isdigit() and str(int(name)) == name else None


def _stream(name: str) -> str:
    _validate_model_name(name)
    try:
        return stream_of("model", name)
    except Misused as flaw:
        raise invalid(str(flaw)) from None


def _already(name: str, why: str) -> MlflowException:
    return taken(f"Registered Model (name={name}) already exists{why}")


def _why_taken(by: ModelState) -> str:
    if not is_registered(by):
        return ": it is the id of a logged model"
    return f": a model had this name before it was renamed to {shown_name(by)}, and its old name stays taken"
