"""`training-events reconcile`: asks SageMaker for its training jobs, and records what no event told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer
from msgspec import Struct
from rich.progress import SpinnerColumn, TextColumn

from training_events import aws
from training_events.bus.publisher import EventBusPublisher
from training_events.cli.output import print_document, printable, progress
from training_events.cli.time_argument import parse_time
from training_events.cli.workspace import AsJson, LogUrl, bring_up_to_date, open_current_workspace
from training_events.event import DEFAULT_SOURCE
from training_events.recovery.reconcile import has_arrived, states_of_jobs
from training_events.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from training_events.event import Event

    ReconcileOutcome = Literal["missing", "published", "recorded"]

_WINDOW = "14 days ago"
"""As long as the undelivered queue keeps what could not be recorded."""


class Backfilled(Struct):
    """A state that had not arrived: still `missing` in a dry run, else `published` to the bus or `recorded` in the log."""

    stream: str
    event_id: str
    occurred_at: str
    status: str
    secondary_status: str | None
    outcome: Literal["missing", "published", "recorded"]


class ReconcileDocument(Struct):
    """`jobs` were modified since then; of all but the back-filled ones the log had the state already."""

    dry_run: bool
    since: str
    jobs: int
    backfilled: list[Backfilled]


def reconcile(
    since: Annotated[
        str | None, typer.Option(parser=parse_time, metavar="TIME", help="Jobs modified then or later.", show_default=_WINDOW)
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Record nothing: say what would be.")] = False,
    source: Annotated[str, typer.Option(metavar="NAME", help="The source on the bus: the rule goes by it.")] = DEFAULT_SOURCE,
    log: LogUrl = "",
    as_json: AsJson = False,
) -> None:
    """Record the states of SageMaker's training jobs that never arrived.

    Asks SageMaker for its jobs and looks for the present state of each in the log. What is missing is recorded, marked as
    back-filled, over TRAINING_EVENTS_BUS if that is set, else straight to the log. Done twice, it changes nothing.
    Needs sagemaker:ListTrainingJobs and sagemaker:DescribeTrainingJob.

    For example:
      training-events reconcile --dry-run
      training-events reconcile --since "2 hours ago" --json | jq '.backfilled[].stream'
    """
    store = open_current_workspace(log)
    document = ReconcileDocument(dry_run, since or parse_time(_WINDOW), 0, [])
    record, outcome = _recording(store.log.append, dry_run=dry_run)
    with progress(SpinnerColumn(), TextColumn("{task.description}", markup=False)) as line:
        task = line.add_task("asking SageMaker for its training jobs", total=None)
        for state in states_of_jobs(aws.client("sagemaker"), document.since, source):
            document.jobs += 1
            line.update(task, description=printable(f"{document.jobs} jobs, {state.stream}"))
            if has_arrived(store.log, state):
                continue
            record(state)
            document.backfilled.append(_backfilled(state, outcome))
            if not as_json:
                print(printable(f"{state.stream}: {state.data['status']} since {state.occurred_at}: {outcome}"), flush=True)
    bring_up_to_date(store)
    if as_json:
        print_document(document)
    else:
        were = "are missing" if dry_run else f"were missing and are {outcome}"
        print(f"{document.jobs} training jobs modified since {document.since}; the states of {len(document.backfilled)} {were}")


def _recording(append: Callable[[Event], object], *, dry_run: bool) -> tuple[Callable[[Event], object], ReconcileOutcome]:
    if dry_run:
        return lambda _: None, "missing"
    if bus := Settings().optional("bus"):
        publisher = EventBusPublisher(bus, aws.client("events"))
        return lambda event: publisher.publish([event]), "published"
    return append, "recorded"


def _backfilled(state: Event, outcome: ReconcileOutcome) -> Backfilled:
    return Backfilled(
        state.stream,
        state.event_id,
        state.occurred_at,
        state.data["status"],
        state.data.get("secondary_status"),
        outcome,
    )
