"""What every callback is: it takes what `record_run` takes, or an open run, and never raises into a training."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any, Literal, TypedDict, TypeVar, cast

from training_events.recorder.reporting import log
from training_events.recorder.run import Run, record_run

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence
    from typing import Unpack

    from training_events.catalogue.any_stream import Tag

_Hook = TypeVar("_Hook", bound="Callable[..., Any]")


class RunArguments(TypedDict, total=False):
    """The arguments of `record_run`."""

    model: str | None
    run_id: str | None
    hyperparameters: Mapping[str, Any] | None
    seeds: Mapping[str, Any] | int | None
    datasets: Sequence[str | os.PathLike[str]] | Mapping[str, Any]
    goals: Mapping[str, Literal["minimize", "maximize"]] | None
    resumed_from: str | None
    requested_by: str | None
    tags: Mapping[str, Tag] | None
    environment: Sequence[str]


def never_raises(hook: _Hook) -> _Hook:
    """A hook of a framework, which reports its first error instead of raising it: the training goes on."""

    @functools.wraps(hook)
    def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return hook(self, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - whatever it is, the training goes on
            self._report(hook.__name__, error)
            return None

    return cast("_Hook", guarded)


class Callback:
    """A copy of it, which cross-validation and other processes make, is as new: it records trainings of its own."""

    def __init__(self, run: Run | None = None, /, **arguments: Unpack[RunArguments]) -> None:
        super().__init__()
        if run is not None and not isinstance(run, Run):
            raise TypeError(f"a run is of type {type(run).__name__}: allowed is what record_run returns")
        if run is not None and arguments:
            raise TypeError(f"an open run is given, and with it {', '.join(arguments)}: allowed is one or the other")
        inspect.signature(record_run).bind(**arguments)
        self._given, self._arguments = run, arguments
        self._reported: set[str] = set()

    def __reduce_ex__(self, protocol: object) -> tuple[Callable[..., object], tuple[object, ...]]:
        return _as_new, (type(self), self._given, self._arguments, self._options())

    def _options(self) -> dict[str, Any]:
        """Arguments of the class's own, beside those of a run."""
        return {}

    def _report(self, hook: str, error: Exception) -> None:
        """Warn of an error of ours, once for each hook."""
        if hook not in self._reported:
            self._reported.add(hook)
            what = hook.strip("_").replace("_", " ")
            log.warning("recording failed (%s): %s: %s; the training goes on", what, type(error).__name__, error)


def _as_new(kind: Callable[..., object], run: Run | None, arguments: RunArguments, options: dict[str, Any]) -> object:
    return kind(**options, **arguments) if run is None else kind(run, **options)
