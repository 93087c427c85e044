"""The event log as Python code asks it: lists, states at any time, events and their proof."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Any, cast

from training_events.folds.summary import DatasetSummary, ModelSummary, RunSummary
from training_events.reading.events import in_order_of_life
from training_events.reading.opening import Sources, bring_up_to_date, open_sources
from training_events.reading.rows import Rows
from training_events.reading.states import state_of
from training_events.reading.stream_names import no_such_stream, stream_of_kind, stream_of_log
from training_events.reading.summaries import summaries_of
from training_events.reading.time_text import parse_optional_time

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from training_events.event import RecordedEvent
    from training_events.folds.dataset import DatasetState
    from training_events.folds.model import ModelState
    from training_events.folds.run import RunState
    from training_events.proof.verification import Verification
    from training_events.reading.time_text import Time


def open_log(url: str = "") -> Log:
    """Opens an event log to ask it: `dynamodb://<event log table>?read_models=<table>` or `sqlite:///<path>`.

    Without `url` it is the one that TRAINING_EVENTS_LOG names, else the file training-events.db in this folder. Nothing is
    connected to, and no file is made, before the first question.

    Raises Misused where no log is named, or its address is not one.
    """
    return Log(open_sources(url))


class Log:
    """An event log that answers questions. `open_log` opens it.

    A question is asked of now, unless it names a time: `as_of` asks what was true then, by when events occurred, and `known_at`
    what the log knew then, by when it recorded them. A time is a text as the command line takes it (`2026-11-22T15:08`,
    `2 hours ago`), a datetime or a date; without a time zone it is in UTC.

    On a laptop each question first brings states and seals up to date, which takes as long as there are new events. On AWS the
    projector does that as they arrive: a list may be a moment old.

    A stream is named with its kind (`run/digits-7`), or without, where the method says which kind it asks for. Every method
    raises Misused for a name or a time that is not one, NoSuchStream (a Misused) where there is no such stream, with the names
    that are near, and what AWS raises.
    """

    def __init__(self, sources: Sources) -> None:
        self._opened = sources

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Gives back the file or the connections. A question that is asked later opens them again."""
        self._opened.log.close()

    def runs(self, limit: int | None = None, *, as_of: Time | None = None, known_at: Time | None = None) -> Rows[RunSummary]:
        """The runs, the newest first."""
        return Rows(RunSummary, islice(self._summaries("run", as_of, known_at), limit))

    def run(self, run: str, *, as_of: Time | None = None, known_at: Time | None = None) -> RunState:
        """The state of a run."""
        return cast("RunState", self._state("run", run, as_of, known_at))

    def models(self, *, as_of: Time | None = None, known_at: Time | None = None) -> Rows[ModelSummary]:
        """The models, the newest first."""
        return Rows(ModelSummary, self._summaries("model", as_of, known_at))

    def model(self, model: str, *, as_of: Time | None = None, known_at: Time | None = None) -> ModelState:
        """The state of a model."""
        return cast("ModelState", self._state("model", model, as_of, known_at))

    def datasets(self, *, as_of: Time | None = None, known_at: Time | None = None) -> Rows[DatasetSummary]:
        """The datasets, the newest first."""
        return Rows(DatasetSummary, self._summaries("dataset", as_of, known_at))

    def dataset(self, dataset: str, *, as_of: Time | None = None, known_at: Time | None = None) -> DatasetState:
        """The state of a dataset."""
        return cast("DatasetState", self._state("dataset", dataset, as_of, known_at))

    def events(self, stream: str, *, as_of: Time | None = None, known_at: Time | None = None) -> Iterator[RecordedEvent]:
        """The events of a stream, read as they are asked for, in the order in which its state takes them.

        Each has the event as its producer recorded it (`event`), when the log took it (`recorded_at`), and its `digest`. An
        altered log raises DamagedEvent where it holds no event.
        """
        until, known = parse_optional_time(as_of), parse_optional_time(known_at)
        log = self._opened.log
        stream = stream_of_log(log, stream)
        recorded = (
            record
            for record in log.read(stream)
            if (until is None or record.event.occurred_at <= until) and (known is None or record.recorded_at <= known)
        )
        first = next(events := in_order_of_life(stream, recorded), None)
        if first is None:
            raise no_such_stream(self._opened.read_models, stream)
        return chain([first], events)

    def verify(self, stream: str) -> Verification:
        """Checks that a stream is complete and as it was recorded, as `training-events verify` does. It writes nothing.

        Seals are read from the bucket that TRAINING_EVENTS_BUCKET names; a SQLite log has its own.
        """
        # imported here: few questions are about proof
        from training_events.proof.verification import verify  # noqa: PLC0415

        opened = self._opened
        stream = stream_of_log(opened.log, stream)
        verification = verify(opened.log, opened.seals, stream, read_models=opened.read_models)
        if not verification.events and not verification.findings:
            raise no_such_stream(opened.read_models, stream)
        return verification

    def _state(self, kind: str, name: str, as_of: Time | None, known_at: Time | None) -> Any:
        times = parse_optional_time(as_of), parse_optional_time(known_at)
        sources = self._current()
        return state_of(sources, stream_of_kind(sources.log, kind, name), as_of=times[0], known_at=times[1])

    def _summaries(self, kind: str, as_of: Time | None, known_at: Time | None) -> Iterator[Any]:
        times = parse_optional_time(as_of), parse_optional_time(known_at)
        return summaries_of(self._current(), kind, as_of=times[0], known_at=times[1])

    def _current(self) -> Sources:
        """What is asked, with a laptop's states as its newest events leave them."""
        bring_up_to_date(self._opened)
        return self._opened
