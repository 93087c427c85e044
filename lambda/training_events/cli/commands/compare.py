"""`training-events compare RUN RUN…`: tells what differs between runs."""

from __future__ import annotations

from typing import Annotated

import typer

from training_events.cli import completion
from training_events.cli.comparison_markdown import comparison_markdown
from training_events.cli.output import print_document, with_all_keys
from training_events.cli.progress import progress_after
from training_events.cli.side_by_side import print_comparison
from training_events.cli.time_argument import time_option
from training_events.cli.workspace import AsJson, LogUrl, open_current_workspace
from training_events.errors import Misused
from training_events.reading.comparison import Comparison
from training_events.reading.comparison import compare as compare_runs

CompareDocument = Comparison


def compare(
    runs: Annotated[
        list[str],
        typer.Argument(help="run/<id>, or run/<id>@2 for its second attempt.", metavar="RUN", autocompletion=completion.runs),
    ],
    as_of: Annotated[str | None, time_option(meaning="Compare what was true at this time, by when events occurred.")] = None,
    known_at: Annotated[
        str | None, time_option(meaning="Compare what the log knew at this time, by when it recorded events.")
    ] = None,
    all_inputs: Annotated[bool, typer.Option("--all-inputs", help="Print the inputs that are the same, too.")] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 1 if an input or a metric differs, and with 0 if none does.")
    ] = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="Print Markdown, for a comment on a pull request: at most 60,000 bytes.")
    ] = False,
    log: LogUrl = "",
    as_json: AsJson = False,
) -> None:
    """Tell what differs between runs: inputs first, then metrics.

    The first line says which inputs differ. Then come their values, and the metrics at their best, at their last point, and
    at equal steps, each with its difference from the first run. Whatever has a digest is compared by its content: the same
    bytes under another name are the same. If this folder is in a clone of the runs' repository, the commits and files between
    them are listed.

    An input that a run did not record is absent, which differs from any value. Metrics that only count, such as an epoch or a
    runtime, make no difference for --exit-code.

    For example:
      training-events compare run/digits-7 run/digits-8
      training-events compare run/digits-7@1 run/digits-7@2 --all-inputs
      training-events compare run/digits-7 run/digits-8 --json | jq -r .summary
      training-events compare run/digits-7 run/digits-8 --markdown > comment.md
    """
    if as_json and as_markdown:
        raise Misused("--json and --markdown exclude each other")
    workspace = open_current_workspace(log)
    with progress_after() as show:
        comparison = compare_runs(
            workspace,
            runs,
            as_of=as_of,
            known_at=known_at,
            all_inputs=all_inputs,
            on_progress=lambda done, total: show(f"reading the points of run {done + 1} of {total}", done / total),
        )
    if as_json:
        print_document(with_all_keys(comparison))
    elif as_markdown:
        print(comparison_markdown(comparison), end="")
    else:
        print_comparison(comparison, all_inputs=all_inputs)
    if exit_code and (comparison.inputs_differ or comparison.results_differ):
        raise typer.Exit(1)
