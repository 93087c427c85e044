"""A training run as its code sees it: what it says is taken at once, and recorded in the background.

Nothing here raises into the training, waits for the network where it measures, or changes how the program ends.
"""

from __future__ import annotations

import functools
import inspect
import traceback
from pathlib import Path
from time import time_ns
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, Self, TypeVar

import msgspec

from training_events.recorder.delivery.points import number, step_of
from training_events.recorder.delivery.writer import MAX_BUFFERED_POINTS
from training_events.recorder.identity import run_id
from training_events.recorder.participant import Participant
from training_events.recorder.pinning.spec import pinned_spec
from training_events.recorder.plain import plain_text
from training_events.recorder.reporting import reported_not_raised
from training_events.recorder.storage.objects import pin

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from training_events.catalogue.stored import Stored


_P = ParamSpec("_P")
_T = TypeVar("_T")

FLUSH_SECONDS = 30.0
_SPOOLED_SECONDS = 5.0
"""What the disk may take for an event."""


class Run:
    """A run, begun by `start` or a `with` block. Any thread may use it, and any process that was forked from its own.

    `spec` is what `recorder.spec.pinned_spec` takes.
    """

    def __init__(self, given_id: str | None, **spec: Any) -> None:
        self.id = run_id(spec.get("model"), given_id)
        self.stream = f"run/{self.id}"
        self._given_id, self._spec = given_id, spec
        self._participant = Participant(self.stream, self)
        self._last_words: tuple[str, dict[str, Any]] | None = None  # how the run ended
        self._said_all = False
        self._interrupted: str | None = None

    @property
    def recorded(self) -> int:
        """How many events this process has made of the run so far."""
        return self._participant.recorded

    def start(self) -> Self:
        """Record TrainingStarted with the pinned spec, and take what comes."""
        if not self._participant.started:
            self._start()
        return self

    def metric(self, name: str, value: float, step: float | None = None) -> None:
        """One value of one metric. Only put into a buffer here; in the log within seconds."""
        if type(value) is not float:
            value = number(value)  # now: a tensor or an array may be another one later
        participant = self._participant
        participant.append((name, value, step, time_ns()))
        if len(participant.points) > MAX_BUFFERED_POINTS:
            participant.relieve()

    @reported_not_raised
    def metrics(self, values: Mapping[str, float], step: float | None = None) -> None:
        """Several metrics of one step."""
        for name, value in values.items():
            self.metric(name, value, step)

    @reported_not_raised
    def checkpoint(self, path: str | os.PathLike[str], step: float | None = None) -> Stored | None:
        """Store a file or folder and record CheckpointSaved. Returns when it is stored, so that it may be written anew.

        None if it could not be stored: then nothing is recorded of it, and a warning says why.
        """
        at = step_of(step)
        return self._store("CheckpointSaved", path, "checkpoints" if at is None else f"checkpoints/{at}", {"step": at})

    @reported_not_raised
    def artifact(self, path: str | os.PathLike[str], name: str | None = None) -> Stored | None:
        """Store a file that the training made and record ArtifactSaved, as `checkpoint` does; its name is else the file's."""
        return self._store("ArtifactSaved", path, "artifacts", {"name": Path(path).name if name is None else plain_text(name)})

    def flush(self, seconds: float = FLUSH_SECONDS) -> bool:
        """Send what was said so far: whether it is sent. What is not is in the spool."""
        channel = self._participant.open_channel
        return channel is None or channel.flush(seconds)

    def finish(self) -> None:
        """The training came to its end: record TrainingCompleted, unless it ended because it was told to stop."""
        if self._interrupted is None:
            self._end("TrainingCompleted", {})
        else:
            self.stop(self._interrupted)

    def fail(self, error: BaseException | str) -> None:
        """The training ended with an error: record TrainingFailed, with the traceback of an exception."""
        if isinstance(error, BaseException):
            last = "".join(traceback.format_exception_only(error)).strip()
            trace = "".join(traceback.format_exception(error))
            self._end("TrainingFailed", {"error": plain_text(last), "traceback": plain_text(trace)})
        else:
            self._end("TrainingFailed", {"error": plain_text(error)})

    def stop(self, reason: str) -> None:
        """The training was ended from outside: record TrainingStopped."""
        self._end("TrainingStopped", {"reason": plain_text(reason)})

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
            self.finish()
        elif isinstance(error, KeyboardInterrupt | GeneratorExit):
            self.stop(type(error).__name__)
        elif isinstance(error, SystemExit) and self._interrupted is not None:
            self.stop(self._interrupted)
        else:
            self.fail(error)

    def __call__(self, function: Callable[_P, _T]) -> Callable[_P, _T]:
        """As a decorator: each call is a run of its own, given to the function if it has a parameter `run`."""
        if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
            raise TypeError(f"record_run cannot decorate {function.__qualname__}: use it as a with block inside")
        takes_run = "run" in inspect.signature(function).parameters

        @functools.wraps(function)
        def recorded(*args: _P.args, **kwargs: _P.kwargs) -> _T:
            with Run(self._given_id, **self._spec) as run:
                if takes_run:
                    kwargs.setdefault("run", run)
                return function(*args, **kwargs)

        return recorded

    def __reduce__(self) -> tuple[Callable[[str], Run], tuple[str]]:
        """In a process that was spawned it is the same run, of which that process is a producer of its own."""
        return _in_another_process, (self.id,)

    def interrupted(self, reason: str, *, ends_now: bool) -> None:
        """In a signal's handler. Where the program has one of its own, that decides when the training ends."""
        if ends_now and self._participant.is_leader and self._last_words is None:
            self._say("TrainingStopped", {"reason": reason})
        else:
            self._interrupted = reason
            self._say_last_words()  # the handler may have come between them and the end

    def left_open(self, error: BaseException | None) -> None:
        """The interpreter ends, and nobody has said how the run did."""
        if error is None:
            self.stop("the program ended without finishing the run")
        else:
            self.__exit__(type(error), error, None)

    def forked(self) -> None:
        """Called in a forked child, where the run continues as a producer of its own."""
        self._participant.reset_after_fork()

    @reported_not_raised
    def _start(self) -> None:
        self._participant.open()
        if self._participant.is_leader:
            self._say("TrainingStarted", pinned_spec(**self._spec, pin=pin))

    @reported_not_raised
    def _end(self, type_: str, data: dict[str, Any]) -> None:
        fails_here = self._participant.started_here and type_ == "TrainingFailed"  # which any rank may record
        if (self._participant.is_leader or fails_here) and self._last_words is None:
            self._last_words = type_, data
        self._say_last_words()
        self._participant.close()

    def _say_last_words(self) -> None:
        """Also in a signal's handler, in the midst of it: then they may be said twice, which is better than never."""
        if self._last_words is not None and not self._said_all:
            self._say(*self._last_words)
            self._said_all = True

    def _store(self, type_: str, path: str | os.PathLike[str], place: str, more: dict[str, Any]) -> Stored | None:
        if (channel := self._participant.ensure_open()) is None:
            raise RuntimeError(f"{self.stream} is not open")
        stored = channel.objects.store(path, f"runs/{self.id}/{place}/{Path(path).name}")
        said = {**msgspec.to_builtins(stored), **more}
        if not channel.writer.record(type_, {key: value for key, value in said.items() if value is not None}):
            raise RuntimeError(f"{self.stream} ended meanwhile")
        channel.writer.wait_spooled(_SPOOLED_SECONDS)  # who has a checkpoint in his hands can be sure that it will be known of
        return stored

    def _say(self, type_: str, data: dict[str, Any]) -> None:
        if (channel := self._participant.open_channel) is not None:
            channel.writer.record(type_, data)


def _in_another_process(id_: str) -> Run:
    run = Run(id_)
    run.forked()
    return run


def record_run(
    *,
    model: str | None = None,
    run_id: str | None = None,
    hyperparameters: Mapping[str, Any] | None = None,
    seeds: Mapping[str, Any] | int | None = None,
    datasets: Sequence[str | os.PathLike[str]] = (),
    goals: Mapping[str, Literal["minimize", "maximize"]] | None = None,
    resumed_from: str | None = None,
    requested_by: str | None = None,
    environment: Sequence[str] = (),
) -> Run:
    """A training run that records itself: a context manager, a decorator, or started and finished by hand.

        with record_run(model="digits", hyperparameters={"C": 1.0}, datasets=["s3://…/digits.npz"]) as run:
            run.metric("loss", value, step=step)
            run.checkpoint("model.joblib", step=step)

    Leaving the block records TrainingCompleted; an exception records TrainingFailed and passes on. Events go to the bus that
    TRAINING_EVENTS_BUS names, else to the log at TRAINING_EVENTS_LOG, else to training-events.db in the working folder. What
    cannot be sent waits on disk, and is sent by the next recorder or by `training-events flush`.

    run_id: a name of your own; else that of the SageMaker training job, of the launcher's job, or a new one. All processes
        of a distributed training have to have the same one: TRAINING_EVENTS_RUN says it to all of them.
    datasets: files (pinned by their sha256), `s3://` addresses (by version id), or any name.
    goals: of a metric whose name does not say whether more or less of it is better.
    resumed_from: the run that this one goes on from.
    requested_by: who asked for it; else who is logged in.
    environment: names of environment variables to pin beside those that are known to matter. Never one that holds a secret.
    """
    return Run(
        run_id,
        model=model,
        hyperparameters=hyperparameters,
        seeds=seeds,
        datasets=datasets,
        goals=goals,
        resumed_from=resumed_from,
        requested_by=requested_by,
        environment=environment,
    )
