"""`training-events reconcile`: asks SageMaker for its training jobs, and records the states that no event brought."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer
from msgspec import Struct

from training_events import aws
from training_events.bus.publisher import EventBusPublisher
from training_events.cli.output import print_document
from training_events.cli.progress import progress
from training_events.cli.time_argument import start_option
from training_events.cli.workspace import AsJson, LogUrl, Source, bring_up_to_date, open_current_workspace
from training_events.reading.time_text import parse_time
from training_events.reading.wording.text import printable
from training_events.recovery.reconcile import has_arrived, states_of_jobs
from training_events.settings import Settings
from training_events.stores.appending import appender

if TYPE_CHECKING:
    from collections.abc import Callable

    from training_events.event import Event
    from training_events.stores.appending import Appender

    ReconcileOutcome = Literal["missing", "published", "recorded"]

_WINDOW = "14 days ago"
"""The undelivered queue keeps what could not be recorded this long."""


class Backfilled(Struct):
    """A state that had not arrived: still `missing` in a dry run, else `published` to the bus or `recorded` in the log."""

    stream: str
    event_id: str
    occurred_at: str
    status: str
    secondary_status: str | None
    outcome: Literal["missing", "published", "recorded"]


class ReconcileDocument(Struct):
    """`jobs` counts the jobs modified since then. The log had the state of all of them but the back-filled ones."""

    dry_run: bool
    since: str
    jobs: int
    backfilled: list[Backfilled]


def reconcile(
    since: Annotated[
        str | None, start_option(meaning="Only jobs modified at or after this time.", show_default=_WINDOW)
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Record nothing: print what is missing.")] = False,
    source: Source = "",
    log: LogUrl = "",
    as_json: AsJson = False,
) -> None:
    """Record the states of SageMaker's jobs that never arrived.

    It asks SageMaker for its training jobs, and looks for the present state of each in the log. What is missing is
    recorded, marked as back-filled: over TRAINING_EVENTS_BUS if that is set, else as `redrive` does without a bus. A second run
    changes nothing.
    A job of a team is recorded under the team's source, if TRAINING_EVENTS_TEAMS is set as the event processor has it.
    Needs sagemaker:ListTrainingJobs and sagemaker:DescribeTrainingJob.

    For example:
      training-events reconcile --dry-run
      training-events reconcile --since "2 hours ago" --json | jq '.backfilled[].stream'
    """
    sources = open_current_workspace(log)
    document = ReconcileDocument(dry_run, since or parse_time(_WINDOW), 0, [])
    settings = Settings()
    teams, own = settings.teams, settings.source

    def source_of(stream: str) -> str:
        return source or teams.source_of(stream, own)

    record, outcome = _recording(appender(sources.log, Settings()), dry_run=dry_run)
    with progress() as show:
        show("asking SageMaker for its training jobs")
        for state in states_of_jobs(aws.client("sagemaker"), document.since, source_of):
            document.jobs += 1
            show(printable(f"{document.jobs} jobs, {state.stream}"))
            if has_arrived(sources.log, state):
                continue
            record(state)
            document.backfilled.append(_backfilled(state, outcome))
            if not as_json:
                print(printable(f"{state.stream}: {state.data['status']} since {state.occurred_at}: {outcome}"), flush=True)
    bring_up_to_date(sources)
    if as_json:
        print_document(document)
    else:
        were = "are missing" if dry_run else f"were missing and are {outcome}"
        print(f"{document.jobs} training jobs modified since {document.since}; the states of {len(document.backfilled)} {were}")


def _recording(log: Appender, *, dry_run: bool) -> tuple[Callable[[Event], object], ReconcileOutcome]:
    if dry_run:
        return lambda _: None, "missing"
    if bus := Settings().optional("bus"):
        publisher = EventBusPublisher(bus, aws.client("events"))
        return lambda event: publisher.publish([event]), "published"
    return log.append, "recorded"


def _backfilled(state: Event, outcome: ReconcileOutcome) -> Backfilled:
    return Backfilled(
        state.stream,
        state.event_id,
        state.occurred_at,
        state.data["status"],
        state.data.get("secondary_status"),
        outcome,
    )
