"""`training-events show STREAM`: prints the state of a run, a model, a dataset or a group, now or at any time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import field

from training_events.cli.output import print_document, with_all_keys
from training_events.cli.progress import progress_after
from training_events.cli.time_argument import time_option
from training_events.cli.workspace import AsJson, LogUrl, Stream, bring_up_to_date
from training_events.folds.dataset import DatasetState
from training_events.folds.group import GroupState
from training_events.folds.model import ModelState
from training_events.folds.run_state import RunState
from training_events.proof.run_head import RunSince
from training_events.reading.opening import open_sources
from training_events.reading.run_life import Life, completed
from training_events.reading.states import clock_ahead, folded_state
from training_events.reading.stream_names import stream_of_log
from training_events.reading.wording.state import clock_ahead_text
from training_events.reading.wording.text import printable

if TYPE_CHECKING:
    from training_events.folds import State
    from training_events.stores.event_log import EventLog


class RunDocument(RunState):
    """`silent_seconds` is for how long a run that is running has said nothing, where that is long for it; else it is null.

    `metrics_from_log` is true if the state did not know all metrics: a later attempt took points back.
    """

    as_of: str | None = None
    known_at: str | None = None
    clock_ahead: float | None = None
    silent_seconds: float | None = None
    metrics_from_log: bool = False


class ModelDocument(ModelState):
    """`runs_since` is what became of the runs that made the newest versions and those that serve, since each was registered."""

    as_of: str | None = None
    known_at: str | None = None
    clock_ahead: float | None = None
    runs_since: dict[str, RunSince] = field(default_factory=dict)


class DatasetDocument(DatasetState):
    as_of: str | None = None
    known_at: str | None = None
    clock_ahead: float | None = None


class GroupDocument(GroupState):
    as_of: str | None = None
    known_at: str | None = None
    clock_ahead: float | None = None


ShowDocument = RunDocument | ModelDocument | DatasetDocument | GroupDocument


def show(
    stream: Stream,
    as_of: Annotated[str | None, time_option(meaning="Show what was true at this time, by when events occurred.")] = None,
    known_at: Annotated[
        str | None, time_option(meaning="Show what the log knew at this time, by when it recorded events.")
    ] = None,
    packages: Annotated[
        bool, typer.Option("--packages", help="List a run's packages, which are only counted otherwise.")
    ] = False,
    log: LogUrl = "",
    as_json: AsJson = False,
) -> None:
    """Print the state of a stream, now or at any time.

    Of a run it first tells its status, its best metrics and what it was made from, of a model what serves each stage.

    The present state comes from the read model and the newest events. A past state is folded from the log: --as-of uses
    the producers' clock and --known-at the log's. Both together ask what the log knew at one time about another.

    For example:
      training-events show run/digits-7 --packages
      training-events show model/digits --as-of 2026-11-01
      training-events show run/digits-7 --as-of "2 hours ago" --json
    """
    sources = open_sources(log)
    stream = stream_of_log(sources.log, stream)  # before a laptop's states are brought up to date
    bring_up_to_date(sources)
    state = folded_state(sources, stream, as_of=as_of, known_at=known_at)
    ahead = clock_ahead(sources.log, state, known_at)
    life = completed(state, sources.log, as_of, known_at) if isinstance(state, RunState) else Life()
    runs_since = _runs_since(sources.log, state, as_of, known_at)
    if as_json:
        more = life._asdict() if isinstance(state, RunState) else {}
        more |= {"runs_since": with_all_keys(runs_since)} if isinstance(state, ModelState) else {}
        print_document({**with_all_keys(state), "as_of": as_of, "known_at": known_at, "clock_ahead": ahead, **more})
    else:
        _print_state(
            state,
            {"as of": as_of, "known at": known_at, "clock ahead": clock_ahead_text(ahead)},
            life,
            runs_since,
            list_packages=packages,
        )


def _runs_since(log: EventLog, state: State, as_of: str | None, known_at: str | None) -> dict[str, RunSince]:
    if not isinstance(state, ModelState):
        return {}
    # imported here: few calls show a model
    from training_events.reading.lineage.run_since import foremost_versions, runs_since_registration  # noqa: PLC0415

    with progress_after() as show_progress:
        return runs_since_registration(
            log,
            foremost_versions(state),
            as_of=as_of,
            known_at=known_at,
            on_progress=lambda text: show_progress(printable(text)),
        )


def _print_state(
    state: State, asked: dict[str, str | None], life: Life, runs_since: dict[str, RunSince], *, list_packages: bool
) -> None:
    # imported here: each call shows one kind of stream
    if isinstance(state, RunState):
        from training_events.cli.views.run import print_run  # noqa: PLC0415

        print_run(state, life, asked, list_packages=list_packages)
    elif isinstance(state, ModelState):
        from training_events.cli.views.model import print_model  # noqa: PLC0415

        print_model(state, asked, runs_since)
    elif isinstance(state, DatasetState):
        from training_events.cli.views.dataset import print_dataset  # noqa: PLC0415

        print_dataset(state, asked)
    else:
        from training_events.cli.views.group import print_group  # noqa: PLC0415

        print_group(state, asked)
