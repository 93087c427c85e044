"""`training-events runs`: lists the runs, newest first."""

from __future__ import annotations

import sys
from itertools import islice
from typing import TYPE_CHECKING, Annotated, cast

import typer
from msgspec import Struct

from training_events import times
from training_events.cli import completion
from training_events.cli.hidden import AlsoHidden, hidden_left_out, tell_hidden
from training_events.cli.output import peek, print_json_document
from training_events.cli.progress import progress_after
from training_events.cli.run_columns import print_runs
from training_events.cli.table import LOOK_AHEAD_ROWS
from training_events.cli.time_argument import start_option
from training_events.cli.workspace import AsJson, LogUrl, open_current_workspace
from training_events.errors import Misused
from training_events.folds.run_state import Status
from training_events.folds.summary import RunSummary
from training_events.reading.listing.listed_run import ListedRun
from training_events.reading.listing.run_columns import chosen_columns, field_of, named_columns
from training_events.reading.listing.visible import Visible
from training_events.reading.search.find import answers
from training_events.reading.search.question import attribute_is, created_since, read_question
from training_events.reading.stream_names import did_you_mean
from training_events.reading.summaries import summaries_of, whole_summary
from training_events.reading.wording.text import printable
from training_events.stores.near_names import MAX_COMPARED_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.reading.opening import Sources
    from training_events.stores.search import Condition

_NO_RUNS = (
    "no runs yet. Two lines record one: from training_events import record_run; "
    'with record_run(model="digits") as run: run.metric("loss", 0.5)'
)


class RunsDocument(Struct):
    """`hidden_left_out` counts the hidden runs that would be listed with --all, up to --limit."""

    runs: list[ListedRun]
    hidden_left_out: int


def runs(
    columns: Annotated[
        str,
        typer.Option(
            metavar="NAME,NAME…",
            help="These columns: params.lr, metrics.loss.last, tags.team, commit.",
            autocompletion=completion.columns,
        ),
    ] = "",
    where: Annotated[
        str, typer.Option(metavar="CONDITION", help="Only runs like this: 'metrics.accuracy > 0.95 and params.lr < 0.01'.")
    ] = "",
    sort: Annotated[
        str,
        typer.Option(
            metavar="NAME,NAME…",
            help="Sorted by these, with a minus for the other direction: -metrics.accuracy.",
            autocompletion=completion.columns,
        ),
    ] = "",
    group: Annotated[
        str,
        typer.Option(metavar="NAME", help="Only runs of this group, a sweep for example.", autocompletion=completion.groups),
    ] = "",
    everything: AlsoHidden = False,
    status: Annotated[Status | None, typer.Option(help="Only runs with this status.")] = None,
    model: Annotated[
        str, typer.Option(metavar="NAME", help="Only runs that train this model.", autocompletion=completion.models)
    ] = "",
    since: Annotated[str | None, start_option(meaning="Only runs whose first event occurred at or after this time.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="COUNT", help="At most this many runs.")] = None,
    log: LogUrl = "",
    as_json: AsJson = False,
) -> None:
    """List the runs, newest first or sorted.

    The columns are those that tell the runs apart, as many as the terminal has room for: status and start, the best values
    of metrics, losses and scores first, hyperparameters and tags that differ. --columns names others. A pipe gets
    what a terminal of 200 characters would show, uncut. A running run that has said nothing for much longer than it usually
    does is `silent`; it may still go on.

    --where is MLflow's search, with OR, NOT and parentheses beyond it: metrics.NAME (its best value; .last, .min, .max and
    .latest are the others), params.NAME, tags.NAME, datasets.digest, and status, duration, commit, dirty and more by their
    names alone. docs/reference/where.md has all of it.

    For example:
      training-events runs --where "metrics.accuracy > 0.95 and params.lr < 0.01" --sort -metrics.accuracy --limit 20
      training-events runs --model digits --since yesterday
      training-events runs --group sweep-7 --columns params.lr,metrics.loss.last
      training-events runs --status failed --limit 10 --json
    """
    if columns and as_json:
        raise Misused("--columns and --json exclude each other: the document has all that there is")
    asked = read_question(where, sort)
    question = asked.also(*_conditions(status, model, group, since))
    sources = open_current_workspace(log)
    with progress_after() as show:
        visible = Visible(answers(sources, question, on_progress=show), everything=everything or question.is_about_hidden)
        listed: Iterator[RunSummary] = islice(visible, limit)
        if columns or as_json:
            listed = (whole_summary(sources, run) for run in listed)
        first, selected = peek((ListedRun.at(run, times.now()) for run in listed), LOOK_AHEAD_ROWS)
    if as_json:
        print_json_document({}, "runs", selected, lambda: hidden_left_out(visible))
    elif not first:
        print("all of these runs are hidden" if visible.left_out else printable(_nothing(sources, model, group)))
    elif columns:
        rows = list(selected)
        if left_out := print_runs(rows, named_columns(columns, rows)):
            print(f"{left_out} more of these columns in a wider terminal, or in a pipe", file=sys.stderr)
    else:
        told = [name for name, value in (("model", model), ("group", group)) if value]
        # a list that is sorted shows by what
        wanted = list(dict.fromkeys(map(field_of, (*(order.name for order in asked.order), *asked.names))))
        print_runs(selected, *chosen_columns(first, wanted, told=told))
    if not as_json:
        tell_hidden(visible)


def _nothing(sources: Sources, model: str, group: str) -> str:
    """What to say where no run is listed."""
    known = list(islice(cast("Iterator[RunSummary]", summaries_of(sources, "run")), MAX_COMPARED_NAMES))
    if not known:
        return _NO_RUNS
    for what, name, names in (
        ("trains the model", model, {run.model for run in known if run.model}),
        ("is of the group", group, {str(run.tags["group"]) for run in known if "group" in run.tags}),
    ):
        if name and name not in names:
            return f"no run {what} {name}{did_you_mean(name, names)}"
    return "no run is like this"


def _conditions(status: Status | None, model: str, group: str, since: str | None) -> list[Condition]:
    named = [attribute_is(name, value) for name, value in (("status", status), ("model", model), ("group", group)) if value]
    return [*named, *([] if since is None else [created_since(since)])]
