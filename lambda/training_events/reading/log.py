"""The event log as Python code asks it: lists, states at any time, events and their proof."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict, cast

from training_events.folds.model import Served
from training_events.folds.summary import DatasetSummary, ModelSummary, RunSummary, StreamSummary
from training_events.reading.events import events_of
from training_events.reading.opening import Sources, bring_up_to_date, open_sources
from training_events.reading.points import Points
from training_events.reading.rows import Rows
from training_events.reading.search.find import find_runs
from training_events.reading.serving import served_stages
from training_events.reading.shown_run import ShownRun
from training_events.reading.states import require_events, state_of
from training_events.reading.stream_names import stream_of_kind, stream_of_log
from training_events.reading.summaries import summaries_of, whole_summary
from training_events.reading.time_text import parse_optional_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Self

    from training_events.analytics.answer import Answer
    from training_events.event import RecordedEvent
    from training_events.folds.dataset import DatasetState
    from training_events.folds.model import ModelState
    from training_events.folds.run_state import RunState
    from training_events.proof.verification import Verification
    from training_events.reading.comparison import Comparison
    from training_events.reading.lineage.graph import Lineage
    from training_events.reading.recording_order import IndexedEvent
    from training_events.reading.time_text import Time


_SQL = "training_events.analytics.sql"
"""It stands on the tables that this room is exported to, and so above it. By its name, as nothing here may import it."""

Named: TypeAlias = str | StreamSummary
"""A stream by its name, or as its row in a list."""


class Times(TypedDict):
    """The times that a question is about, as 27-character texts."""

    as_of: str | None
    known_at: str | None


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

    A stream is named with its kind (`run/digits-7`), or without, where the method says which kind it asks for; a row of a list
    names one, too. Every method raises Misused for a name or a time that is none. Where the log has no such stream it raises
    NoSuchStream (a Misused), which names near ones. Errors of AWS pass through.
    """

    def __init__(self, sources: Sources) -> None:
        self._opened = sources

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file or the connections. A later question opens them again."""
        self._opened.log.close()

    def runs(
        self,
        where: str = "",
        order_by: str | Sequence[str] = "",
        limit: int | None = None,
        *,
        as_of: Time | None = None,
        known_at: Time | None = None,
        hidden: bool = False,
    ) -> Rows[RunSummary]:
        """The runs that meet a condition, at most `limit`, in an order, else the newest first.

        `where` is as MLflow has it: `metrics.accuracy > 0.95 and params.alpha < 0.001`; OR, NOT and parentheses go too.
        `order_by` names what to sort by, with a minus for the other direction: `-metrics.accuracy`; several in a list, or with
        commas between them. `metrics.accuracy` is the best value; `.last`, `.min`, `.max` and `.latest` (of the highest step)
        behind it are the others. Hidden runs are left out, unless `hidden` is true or `where` asks about them.

        Raises BadSearch (a Misused), which says where the mistake is, also for a metric, hyperparameter or tag that no run has.
        """
        times, sources = _times(as_of, known_at), self._current()
        found = find_runs(sources, where, order_by, limit, hidden=hidden, **times)
        return Rows(RunSummary, (whole_summary(sources, run, **times) for run in found))

    def run(self, run: Named, *, as_of: Time | None = None, known_at: Time | None = None) -> RunState:
        """The state of a run. A notebook shows it as a card."""
        return ShownRun.of(self._state("run", run, _times(as_of, known_at)))

    def points(
        self,
        runs: Named | Iterable[Named] | None = None,
        metric: str | None = None,
        *,
        as_of: Time | None = None,
        known_at: Time | None = None,
    ) -> Points:
        """Every point of a metric, of one run or of several, or of all runs that are not hidden where none is named.

        Without `metric` it is every point of every metric. They are read from the log as they are asked for.
        """
        times = _times(as_of, known_at)
        sources = self._current()
        if runs is None:
            streams = [run.stream for run in self._summaries("run", times, hidden=False)]
        else:
            streams = [stream_of_kind(sources.log, "run", name) for name in _names(runs)]
            for stream in streams:
                require_events(sources, stream, **times)
        return Points(sources, streams, metric, **times)

    def models(self, *, as_of: Time | None = None, known_at: Time | None = None, hidden: bool = False) -> Rows[ModelSummary]:
        """The models, the newest first; those that were hidden only if `hidden` is true."""
        return Rows(ModelSummary, self._summaries("model", _times(as_of, known_at), hidden=hidden))

    def model(self, model: Named, *, as_of: Time | None = None, known_at: Time | None = None) -> ModelState:
        """The state of a model. `log.model("digits").serving("production")` is the version that serves a stage, or None."""
        return cast("ModelState", self._state("model", model, _times(as_of, known_at)))

    def serving(self, stage: str | None = None, *, as_of: Time | None = None, known_at: Time | None = None) -> Rows[Served]:
        """What serves a stage, or every stage, over all models. A hidden model still serves, and is there."""
        return Rows(Served, served_stages(self._current(), stage, **_times(as_of, known_at)))

    def datasets(
        self, *, as_of: Time | None = None, known_at: Time | None = None, hidden: bool = False
    ) -> Rows[DatasetSummary]:
        """The datasets, the newest first; those that were hidden only if `hidden` is true."""
        return Rows(DatasetSummary, self._summaries("dataset", _times(as_of, known_at), hidden=hidden))

    def dataset(self, dataset: Named, *, as_of: Time | None = None, known_at: Time | None = None) -> DatasetState:
        """The state of a dataset."""
        return cast("DatasetState", self._state("dataset", dataset, _times(as_of, known_at)))

    def events(self, stream: Named, *, as_of: Time | None = None, known_at: Time | None = None) -> Iterator[RecordedEvent]:
        """The events of a stream, read as they are asked for, in the order in which its state takes them.

        Each has the event as its producer recorded it (`event`), when the log took it (`recorded_at`), and its `digest`. An
        altered log raises DamagedEvent where it holds no event.
        """
        times = _times(as_of, known_at)
        stream = stream_of_log(self._opened.log, _name(stream))
        require_events(self._opened, stream, **times)
        return events_of(self._opened.log, stream, **times)

    def all_events(self, after: int | str = "") -> Iterator[IndexedEvent]:
        """Every event of the log, in the order in which the log took them: those behind `after`, the `index` of one of them.

        An index is a number, from 0: the event's place in the log's tree. It never changes, and every later event has a larger
        one, so a reader that goes on behind the last one misses none. A 27-character time in its place gives what the log took
        from then on. On AWS the notary gives the numbers, some seconds after the log took the events. Memory does not grow.

        A log without a tree (on AWS its address names no `notary`; a file of an earlier version that nobody has written to
        since) has texts as indexes. There it takes reading the log each time, and an event may get an index before one that was
        read already: a reader that has to miss none asks again from some minutes before, and leaves out what it has. Raises
        Misused for a number there, and for a text that is neither an index nor a time.
        """
        # imported here: few questions are about the whole log
        from training_events.reading.recording_order import in_order  # noqa: PLC0415

        return in_order(self._opened.log, self._opened.leaves, after)

    def compare(
        self, runs: Iterable[Named], *, as_of: Time | None = None, known_at: Time | None = None, all_inputs: bool = False
    ) -> Comparison:
        """What differs between 2 to 50 runs, or attempts of runs (`digits-7@2`): inputs first, then metrics.

        `all_inputs` asks for the inputs that are the same, too. If the working folder is in a clone of the runs' repository,
        the answer has the commits and files between them. Raises Misused for another number of runs, or one given twice.
        """
        # imported here: few questions compare
        from training_events.reading.comparison import compare  # noqa: PLC0415

        times = _times(as_of, known_at)
        return compare(self._current(), _names(runs), all_inputs=all_inputs, **times)

    def lineage(self, stream: Named, *, as_of: Time | None = None, known_at: Time | None = None) -> Lineage:
        """Where something came from and what became of it: dataset versions, runs, model versions and stages.

        `stream` names a run, a model, one version of it (`model/digits@3`), a dataset, or one version of that by the beginning
        of its digest (`dataset/digits@5d0eab1c`). Dataset versions are found by their digests and their versions in S3,
        whatever they are called. Which runs read something in the past takes reading the whole log.
        """
        # imported here: few questions are about it
        from training_events.reading.lineage import lineage  # noqa: PLC0415

        times = _times(as_of, known_at)
        return lineage(self._current(), _name(stream), **times)

    def verify(self, stream: Named) -> Verification:
        """Checks that a stream is complete and as it was recorded, as `training-events verify` does. It writes nothing.

        Seals are read from the bucket that TRAINING_EVENTS_BUCKET names; a SQLite log has its own.
        """
        # imported here: few questions are about proof
        from training_events.reading.verification import verification_of  # noqa: PLC0415

        return verification_of(self._opened, stream_of_log(self._opened.log, _name(stream)))

    def sql(self, text: str, *, on_progress: Callable[[str], None] = lambda text: None) -> Answer:  # noqa: ARG005
        """What a query in SQL answers, over the tables events, points, runs, models, datasets and findings.

        `log.sql("SELECT run, status FROM runs ORDER BY started_at")` has `.rows`, `.columns`, `.to_pandas()` and `.to_arrow()`.
        The SQL is Athena's (Trino), wherever the log is. A log on AWS is asked in the Athena workgroup that
        TRAINING_EVENTS_ANALYTICS names: its tables are as new as the last run of the analytics job. A laptop's log is asked as
        it is now: its tables are kept beside its file, and made again once it has grown. `on_progress` gets what is being done.

        Raises BadSql (a Misused) for what is no single query, and for what it names and is not there; QueryFailed where Athena
        does not answer. It needs the extra `sql`: `pip install 'training-events[sql]'`.
        """
        answer: Answer = import_module(_SQL).answer_of(self._opened, text, on_progress)
        return answer

    def _state(self, kind: str, named: Named, times: Times) -> Any:
        sources = self._current()
        return state_of(sources, stream_of_kind(sources.log, kind, _name(named)), **times)

    def _summaries(self, kind: str, times: Times, *, hidden: bool) -> Iterator[Any]:
        sources = self._current()
        listed = (summary for summary in summaries_of(sources, kind, **times) if hidden or not summary.hidden)
        return (whole_summary(sources, summary, **times) for summary in listed)

    def _current(self) -> Sources:
        """What is asked, with a laptop's states as its newest events leave them."""
        bring_up_to_date(self._opened)
        return self._opened


def _name(named: Named) -> str:
    name = named if isinstance(named, str) else getattr(named, "stream", None)
    if not isinstance(name, str):
        raise TypeError(f"a stream is of type {type(named).__name__}: allowed is its name, or a row of a list")
    return name


def _names(named: Named | Iterable[Named]) -> list[str]:
    return list(map(_name, named if isinstance(named, Iterable) and not isinstance(named, str) else [named]))


def _times(as_of: Time | None, known_at: Time | None) -> Times:
    """The times of a question. Words such as `2 hours ago` are read once, so that all of it is asked of the same moment."""
    return {"as_of": parse_optional_time(as_of), "known_at": parse_optional_time(known_at)}
