"""`training-events datasets`: lists the datasets, newest first."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated, cast

import typer
from msgspec import Struct

from training_events.cli.hidden import AlsoHidden, hidden_left_out, tell_hidden
from training_events.cli.output import peek, print_json_document
from training_events.cli.style import style_of_status
from training_events.cli.table import LOOK_AHEAD_ROWS, print_rows
from training_events.cli.workspace import AsJson, LogUrl, open_current_workspace
from training_events.folds.summary import DatasetSummary
from training_events.reading.listing.visible import Visible
from training_events.reading.summaries import summaries_of, whole_summary
from training_events.reading.wording.times import minute_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_TITLES = ("dataset", "name", "status", "versions", "registered (UTC)", "rows", "bytes", "sha256", "uri")
_WIDTHS = (48, 24, 8, 8, 16, 12, 16, 13)
_OPTIONAL = ("name", "status", "bytes", "sha256", "uri", "rows", "versions")
_NO_DATASETS = "no datasets yet. One line registers a version: training_events.register_dataset('digits.npz')"


class DatasetsDocument(Struct):
    """`hidden_left_out` counts the hidden datasets that would be listed with --all, up to --limit."""

    datasets: list[DatasetSummary]
    hidden_left_out: int


def datasets(
    everything: AlsoHidden = False,
    limit: Annotated[int | None, typer.Option(min=1, metavar="COUNT", help="At most this many datasets.")] = None,
    log: LogUrl = "",
    as_json: AsJson = False,
) -> None:
    """List the datasets, newest first.

    Each row has the number of versions, and of the newest one the time of its registration, its rows, size, digest and place.

    For example:
      training-events datasets
      training-events datasets --all --json
    """
    sources = open_current_workspace(log)
    visible = Visible(cast("Iterator[DatasetSummary]", summaries_of(sources, "dataset")), everything=everything)
    if as_json:
        whole = (whole_summary(sources, dataset) for dataset in islice(visible, limit))
        print_json_document({}, "datasets", whole, lambda: hidden_left_out(visible))
        return
    _, listed = peek(islice(visible, limit))
    empty = "all datasets are hidden" if visible.left_out else _NO_DATASETS
    styles = {"status": style_of_status}
    print_rows(_TITLES, _WIDTHS, map(_row, listed), LOOK_AHEAD_ROWS, optional=_OPTIONAL, empty=empty, styles=styles)
    tell_hidden(visible)


def _row(dataset: DatasetSummary) -> tuple[str, ...]:
    return (
        dataset.stream,
        dataset.name or "-",
        dataset.status,
        str(dataset.versions) if dataset.folded_by else "-",  # a summary of 0.1.0 does not count them
        minute_of(dataset.registered_at),
        "-" if dataset.rows is None else f"{dataset.rows:,}",
        "-" if dataset.bytes is None else f"{dataset.bytes:,}",
        dataset.sha256 or "-",
        dataset.uri or "-",
    )
