"""What differs between runs: first what they were made from, then what came of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from training_events.errors import Misused
from training_events.folds.silence import seconds_between
from training_events.folds.standing import recorded_points
from training_events.projection.time_travel import entries_at
from training_events.reading.comparison.code import CodeChange, code_changes
from training_events.reading.comparison.data import registered_versions
from training_events.reading.comparison.inputs import Part
from training_events.reading.comparison.metrics import ComparedMetric, ValuesAt, compared_metrics, wanted_places
from training_events.reading.comparison.named_run import NamedRun, named_run
from training_events.reading.comparison.rows import Input, compared_inputs
from training_events.reading.comparison.sentence import sentence
from training_events.reading.tables import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pandas as pd

    from training_events.catalogue.run import Point
    from training_events.reading.comparison.metrics import Wanted
    from training_events.reading.opening import Sources
    from training_events.reading.wording.shown import Shown

MIN_RUNS, MAX_RUNS = 2, 50


class ComparedRun(Struct, frozen=True):
    """A run of the comparison, or the attempt of it with this number. `name` is `digits-7` or `digits-7@2`.

    Times are UTC with microseconds. `points` counts what was recorded up to then, of all metrics.
    """

    name: str
    stream: str
    attempt: int | None
    status: str
    model: str | None
    started_at: str | None
    finished_at: str | None
    duration_seconds: float | None
    points: int = 0


class Comparison(Struct, frozen=True):
    """What differs between runs.

    `summary` is one sentence on the inputs. `inputs` are those that differ, or all where all were asked for. `renamed` are the
    same in all runs, under another address or name. `not_recorded` are the parts that no run recorded. `open_questions` tell
    what the record leaves open. `code_changes` is empty unless this machine has the repository at hand.

    `inputs_differ` and `results_differ` say whether anything does. Results are the values of metrics; those that only count,
    such as a runtime, are shown and make no difference.
    """

    summary: str
    inputs_differ: bool
    results_differ: bool
    runs: list[ComparedRun]
    inputs: list[Input]
    renamed: list[Input]
    not_recorded: list[Part]
    open_questions: list[str]
    code_changes: list[CodeChange]
    metrics: list[ComparedMetric]
    as_of: str | None = None
    known_at: str | None = None

    def __str__(self) -> str:
        return self._shown().as_text()

    def _repr_html_(self) -> str:
        return self._shown().as_html()

    def _shown(self) -> Shown:
        # imported here: what is asked by a program is not shown
        from training_events.reading.wording.shown import shown_comparison  # noqa: PLC0415

        return shown_comparison(self)

    def to_pandas(self) -> pd.DataFrame:
        """The inputs as a DataFrame: a row for each, by part and name (`hyperparameters.C`), and a column for each run.

        Raises Misused where pandas is not installed (`pip install 'training-events[pandas]'`).
        """
        columns = {run.name: [row.values.get(run.name) for row in self.inputs] for run in self.runs}  # noqa: PD011 - of an input
        frame = Table(columns, set()).to_pandas()
        frame.index = [row.path for row in self.inputs]
        return frame


def compare(
    sources: Sources,
    runs: Sequence[str],
    *,
    as_of: str | None = None,
    known_at: str | None = None,
    all_inputs: bool = False,
    max_points: int | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005
) -> Comparison:
    """Compare 2 to 50 runs or attempts with the first of them. Times are 27-character ones.

    Where the runs have more than `max_points` together, these are not read from the log, and metrics are compared at no equal
    steps. `on_progress` gets of how many runs the points are read. Raises Misused for what cannot be compared, NoSuchStream.
    """
    if not MIN_RUNS <= len(runs) <= MAX_RUNS:
        raise Misused(f"the number of runs to compare is {len(runs)}; allowed: {MIN_RUNS} to {MAX_RUNS}")
    named: dict[str, NamedRun] = {}
    for name in runs:
        run = named_run(sources, name, as_of=as_of, known_at=known_at)
        if run.name in named:
            raise Misused(
                f"{run.name!a:.80} is given twice; allowed: each run once, or attempts of it, as run/<id>@1 run/<id>@2"
            )
        named[run.name] = run
    states = {name: run.state for name, run in named.items()}
    used = [dataset for state in states.values() for dataset in state.lineage.datasets]
    inputs = compared_inputs(states, registered_versions(sources, used, as_of, known_at))
    commits = next((row for row in inputs.differing if (row.part, row.name) == ("code", "commit")), None)
    is_short = max_points is None or sum(state.points for state in states.values()) <= max_points
    wanted = wanted_places(states) if is_short else {}
    found = {}
    for done, run in enumerate(named.values()):
        on_progress(done, len(named))
        found[run.name] = _values_at(sources, run, wanted, known_at)
    metrics = compared_metrics(states, wanted, found)
    return Comparison(
        summary=sentence(inputs, len(named)),
        inputs_differ=bool(inputs.differing),
        results_differ=any(metric.differs for metric in metrics if not metric.is_counter),
        runs=[_compared(run) for run in named.values()],
        inputs=inputs.all if all_inputs else inputs.differing,
        renamed=inputs.renamed,
        not_recorded=inputs.not_recorded,
        open_questions=list(_open_questions(named.values())),
        code_changes=[] if commits is None else code_changes(commits.values),
        metrics=metrics,
        as_of=as_of,
        known_at=known_at,
    )


def _values_at(
    sources: Sources, run: NamedRun, wanted: dict[str, Wanted], known_at: str | None
) -> dict[str, dict[int | float, Point]]:
    values = ValuesAt({name: places for name, places in wanted.items() if name in run.state.metrics})
    if values.found:
        read = partial(entries_at, sources.log, run.state.stream, as_of=run.as_of or run.state.last_at, known_at=known_at)
        recorded = recorded_points(run.state.stream, read, attempts=run.state.starts)
        values.take(point.point for point in recorded if point.stands)
    return values.found


def _compared(run: NamedRun) -> ComparedRun:
    state, attempt = run.state, run.attempt
    lived = state if attempt is None else attempt
    took = (
        None if lived.started_at is None or lived.finished_at is None else seconds_between(lived.started_at, lived.finished_at)
    )
    return ComparedRun(
        name=run.name,
        stream=state.stream,
        attempt=None if attempt is None else attempt.number,
        status=lived.status,
        model=state.model,
        started_at=lived.started_at,
        finished_at=lived.finished_at,
        duration_seconds=took,
        points=state.points,
    )


def _open_questions(runs: Iterable[NamedRun]) -> Iterable[str]:
    for run in runs:
        code: dict[str, Any] = (run.state.spec or {}).get("code") or {}
        if code.get("dirty") and not code.get("diff"):
            yield f"the code of {run.name} was changed after its commit, and the changes were not kept"
        elif code.get("not_kept"):
            yield f"the kept changes to the code of {run.name} lack a part"
        if any(not (data.sha256 or data.digest or data.version_id) for data in run.state.lineage.datasets):
            yield f"{run.name} used data of which neither digest nor version was recorded"
