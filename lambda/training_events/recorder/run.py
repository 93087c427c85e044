"""A training run, as training code sees it: what it records is buffered at once, and sent in the background.

Nothing here raises into the training, waits for the network while the training measures, or changes how the program ends.
"""

from __future__ import annotations

import functools
import inspect
from time import time_ns
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, Self, TypeVar
from uuid import uuid4

import msgspec

from training_events.errors import NotStored
from training_events.recorder.delivery.points import as_number, step_of
from training_events.recorder.delivery.writer import MAX_BUFFERED_POINTS
from training_events.recorder.ending import failed, stopped
from training_events.recorder.identity import run_id as id_of_run
from training_events.recorder.labels import batches, hyperparameters_of, tags_of
from training_events.recorder.lifecycle import Lifecycle
from training_events.recorder.options import RunOptions
from training_events.recorder.pinning.fetched import pin_dataset
from training_events.recorder.pinning.spec import pinned_dataset, pinned_spec
from training_events.recorder.pinning.user import logged_in
from training_events.recorder.plain import plain_text
from training_events.recorder.reporting import reported_not_raised
from training_events.recorder.storage.files import is_folder, local_path
from training_events.redaction.text import redacted_text

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence
    from types import EllipsisType, TracebackType

    from training_events.catalogue.any_stream import Tag
    from training_events.catalogue.stored import Stored

_P = ParamSpec("_P")
_T = TypeVar("_T")

FLUSH_SECONDS = 30.0
_SPOOL_SECONDS = 5.0
"""How long `checkpoint` and `artifact` wait for the disk to take their event."""

_SHOWN_SECONDS = 1.0
"""How long a notebook waits for the log to have what was recorded, before it shows the run."""


class Run:
    """A run that records itself, as `record_run` makes it. `start` or a `with` block begins it.

    Any thread may use it, and any process that is forked from the one that began it.
    """

    def __init__(self, options: RunOptions) -> None:
        self.id = id_of_run(options.model, options.run_id)
        self.stream = f"run/{self.id}"
        self._options = options
        self._lifecycle = Lifecycle(self.stream)
        self._participant = self._lifecycle.participant

    @property
    def recorded(self) -> int:
        """How many events of the run this process has made so far."""
        return self._participant.recorded

    def start(self) -> Self:
        """Record TrainingStarted with the pinned spec. From now on the run is open.

        Returns when the event is on disk, so that not even a kill loses it; from a disk that hangs after two seconds.
        """
        if not self._participant.started:
            self._lifecycle.start(lambda: pinned_spec(self._options, pin=pin_dataset, keep=self._keep_code))
            if self._options.tags and self._participant.is_leader:
                self._record_tags(self._options.tags)
        return self

    def metric(self, name: str, value: float, step: float | None = None) -> None:
        """Record one value of one metric. This only fills a buffer; the log has the value within seconds."""
        if type(value) is not float:
            value = as_number(value)  # now: the program may change a tensor or an array later
        participant = self._participant
        participant.append((name, value, step, time_ns()))
        if len(participant.points) > MAX_BUFFERED_POINTS:
            participant.limit_backlog()

    @reported_not_raised
    def metrics(self, values: Mapping[str, float], step: float | None = None) -> None:
        """Record several metrics of one step."""
        if not callable(getattr(values, "items", None)):
            raise TypeError(f"metrics cannot be given as {type(values).__name__}; allowed: a mapping of names to numbers")
        for name, value in values.items():
            self.metric(name, value, step)

    @reported_not_raised
    def checkpoint(self, path: str | os.PathLike[str], step: float | None = None) -> Stored | None:
        """Store a file or folder and record CheckpointSaved. Returns when it is stored, so that you may overwrite it.

        Returns None if it cannot be stored: then nothing is recorded, and a warning gives the reason.
        """
        at = step_of(step)
        return self._store("CheckpointSaved", path, "checkpoints" if at is None else f"checkpoints/{at}", {"step": at})

    @reported_not_raised
    def artifact(self, path: str | os.PathLike[str], name: str | None = None) -> Stored | None:
        """Store a file of the training and record ArtifactSaved, as `checkpoint` does. `name` is by default the file's."""
        return self._store(
            "ArtifactSaved", path, "artifacts", {"name": local_path(path).name if name is None else plain_text(name)}
        )

    @reported_not_raised
    def tag(self, key: str | None = None, value: Tag | EllipsisType | None = ..., /, **tags: Tag | None) -> None:
        """Give the run tags: `run.tag("note", "warm start")`, `run.tag(team="vision")`. None as a value removes the tag.

        The tag `group` names what belongs together: a sweep, a study, a parent run. Once the run has ended,
        `training_events.tag` tags it.
        """
        if key is not None and value is ...:
            raise TypeError(f"the tag {key!r} has no value")
        self._record_tags(tags if key is None else {key: value, **tags})

    @reported_not_raised
    def describe(self, description: str | None = None, *, name: str | None = None) -> None:
        """Say in words what the run is, or give it a name to show. An empty text removes one; None leaves it as it is."""
        given = {"name": name, "description": description}
        data = {key: plain_text(text) for key, text in given.items() if text is not None}
        if data:
            self._record("Described", _with_person(data))

    @reported_not_raised
    def log_hyperparameters(self, hyperparameters: Mapping[str, Any]) -> None:
        """Record hyperparameters that are known only now, or have changed: they stand beside those that the run started with.

        They are recorded as those of `record_run` are: a mapping, a record, an object with attributes or a list.
        """
        for batch in batches(hyperparameters_of(hyperparameters)):
            self._record("HyperparametersRecorded", {"hyperparameters": batch})

    @reported_not_raised
    def use_dataset(self, dataset: str | os.PathLike[str] | Stored | Mapping[str, Any], role: str | None = None) -> None:
        """Record that the run uses this dataset too, and what for: `train`, `validation`.

        It is pinned as those of `record_run` are: a file by its sha256, an object in S3 by its version. A digest
        (`sha256:…`) names a dataset as well. Returns when the file is read.
        """
        used = pinned_dataset(dataset, None if role is None else plain_text(role), pin_dataset)
        if used is not None:
            self._record("DatasetUsed", {"dataset": used})

    def flush(self, seconds: float = FLUSH_SECONDS) -> bool:
        """Send what was recorded so far. Returns whether all of it is sent; the rest is in the spool."""
        return self._lifecycle.flush(seconds)

    def finish(self) -> None:
        """Record TrainingCompleted; TrainingStopped if a signal has asked the program to stop."""
        self._lifecycle.end_after(None)

    def fail(self, error: BaseException | str) -> None:
        """Record TrainingFailed; of an exception also the traceback."""
        self._lifecycle.end(failed(error))

    def stop(self, reason: str) -> None:
        """Record TrainingStopped: something outside of the training ended it."""
        self._lifecycle.end(stopped(reason))

    def _repr_html_(self) -> str:
        # imported here: a training in no notebook shows nothing
        from training_events.recorder.shown_run import card_of  # noqa: PLC0415

        self.flush(_SHOWN_SECONDS)
        return card_of(self.stream, self.recorded)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._lifecycle.end_after(error)

    def __call__(self, function: Callable[_P, _T]) -> Callable[_P, _T]:
        """As a decorator: each call is a run of its own. The function gets the run if it has a parameter `run`."""
        if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
            raise TypeError(f"record_run cannot decorate {function.__qualname__}: use it as a with block inside")
        takes_run = "run" in inspect.signature(function).parameters

        @functools.wraps(function)
        def recorded(*args: _P.args, **kwargs: _P.kwargs) -> _T:
            with Run(self._options) as run:
                if takes_run:
                    kwargs.setdefault("run", run)
                return function(*args, **kwargs)

        return recorded

    def __reduce__(self) -> tuple[Callable[[str], Run], tuple[str]]:
        """In a spawned process it is the same run, and that process becomes a producer of its own."""
        return _in_spawned_process, (self.id,)

    @reported_not_raised
    def _record_tags(self, tags: Mapping[str, Any]) -> None:
        for batch in batches(tags_of(tags)):
            self._record("Tagged", _with_person({"tags": batch}))

    def _record(self, type_: str, data: dict[str, Any]) -> None:
        channel = self._participant.ensure_open()
        if channel is None or not channel.record(type_, data):
            raise RuntimeError(f"{self.stream} is not open")

    def _keep_code(self, patch: bytes) -> Stored:
        if (channel := self._participant.ensure_open()) is None:
            raise NotStored(f"{self.stream} is not open")
        return channel.keep_code(patch)

    def _store(self, type_: str, path: str | os.PathLike[str], folder: str, more: dict[str, Any]) -> Stored | None:
        if (channel := self._participant.ensure_open()) is None:
            raise RuntimeError(f"{self.stream} is not open")
        key = f"runs/{self.id}/{folder}/{redacted_text(local_path(path).name)}"
        if is_folder(local_path(path)):  # it has no version in S3: two under one key would be one mixture of both
            key = f"{key}/{uuid4().hex}"
        stored = channel.objects.store(path, key)
        data = {**msgspec.to_builtins(stored), **more}
        if not channel.record(type_, {key: value for key, value in data.items() if value is not None}):
            raise RuntimeError(f"{self.stream} ended meanwhile")
        channel.spooled_within(_SPOOL_SECONDS, is_reported=True)  # from now on not even a kill loses the event
        return stored


def _with_person(data: dict[str, Any]) -> dict[str, Any]:
    return data if (user := logged_in()) is None else {**data, "by": user}


def _in_spawned_process(id_: str) -> Run:
    run = Run(RunOptions(run_id=id_))
    run._lifecycle.on_fork()  # noqa: SLF001 - it is a run of this module
    return run


def record_run(
    *,
    model: str | None = None,
    run_id: str | None = None,
    hyperparameters: Mapping[str, Any] | None = None,
    seeds: Mapping[str, Any] | int | None = None,
    datasets: Sequence[str | os.PathLike[str]] | Mapping[str, Any] = (),
    goals: Mapping[str, Literal["minimize", "maximize"]] | None = None,
    resumed_from: str | None = None,
    requested_by: str | None = None,
    tags: Mapping[str, Tag] | None = None,
    environment: Sequence[str] = (),
) -> Run:
    """A training run that records itself: a context manager, a decorator, or started and finished by hand.

        with record_run(model="digits", hyperparameters={"C": 1.0}, datasets=["s3://…/digits.npz"]) as run:
            run.metric("loss", value, step=step)
            run.checkpoint("model.joblib", step=step)

    Leaving the block records TrainingCompleted. An exception records TrainingFailed and is raised on. Events go to the bus
    that TRAINING_EVENTS_BUS names; without it to the log at TRAINING_EVENTS_LOG; without both to training-events.db in the
    working folder. What cannot be sent waits on disk. The next recorder sends it, or `training-events flush` does.

    Args:
        model: The model that it trains.
        run_id: A name of your own; by default that of the SageMaker training job, of the launcher's job, or a new one. All
            processes of a distributed training need the same one: TRAINING_EVENTS_RUN sets it for all of them.
        hyperparameters: A mapping, a record, an object with attributes or a list; each value is recorded by itself. What looks
            like a credential is not.
        seeds: One number, or one by name.
        datasets: Files (pinned by their sha256), `s3://` addresses (by version id), or any name. A mapping names the role of
            each: `{"train": "s3://…", "test": ["s3://…", "s3://…"]}`.
        goals: For a metric whose name does not tell whether more or less of it is better.
        resumed_from: The run that this one continues.
        requested_by: Who asked for it; by default the user that is logged in.
        tags: What you want to find it by: numbers, true or false, texts. `group` names what belongs together, such as a sweep.
        environment: Names of environment variables to pin, beside those that are known to matter. A variable that looks like
            a secret is never recorded.
    """
    return Run(
        RunOptions(
            run_id=run_id,
            model=model,
            hyperparameters=hyperparameters,
            seeds=seeds,
            datasets=datasets,
            goals=goals,
            resumed_from=resumed_from,
            requested_by=requested_by,
            tags=tags,
            environment=environment,
        )
    )
