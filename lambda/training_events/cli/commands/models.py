"""`training-events models`: lists the models, newest first."""

from __future__ import annotations

import sys
from itertools import islice
from typing import TYPE_CHECKING, Annotated, cast

import typer
from msgspec import Struct

from training_events.cli.hidden import AlsoHidden, hidden_left_out, tell_hidden
from training_events.cli.output import peek, print_json_document
from training_events.cli.style import style_of_status
from training_events.cli.table import LOOK_AHEAD_ROWS, print_rows
from training_events.cli.workspace import AsJson, LogUrl, open_current_workspace
from training_events.folds.summary import ModelSummary
from training_events.reading.listing.visible import Visible
from training_events.reading.summaries import summaries_of, whole_summary
from training_events.reading.wording.times import minute_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_TITLES = ("model", "name", "status", "versions", "latest", "serving", "run of the latest", "created (UTC)")
_WIDTHS = (48, 24, 8, 8, 16, 40, 40)
_OPTIONAL = ("name", "status", "created (UTC)", "versions", "run of the latest")
_NO_MODELS = "no models yet. One line registers a version: training_events.register_model('digits', version=1, run='digits-7')"


class ModelsDocument(Struct):
    """`hidden_left_out` counts the hidden models that would be listed with --all, up to --limit.

    `logged_left_out` counts those that were only logged by a training: no version of them is registered.
    """

    models: list[ModelSummary]
    hidden_left_out: int
    logged_left_out: int


def models(
    everything: AlsoHidden = False,
    limit: Annotated[int | None, typer.Option(min=1, metavar="COUNT", help="At most this many models.")] = None,
    log: LogUrl = "",
    as_json: AsJson = False,
) -> None:
    """List the models, and what serves each stage.

    Each row has the number of versions, the latest one and the run that made it, and which version serves which stage. The
    newest model comes first. A model that a training has only logged, and of which nobody has registered a version, is in
    the list with --all.

    For example:
      training-events models
      training-events models --json | jq '.models[].serving.production.version'
    """
    sources = open_current_workspace(log)
    visible = Visible(cast("Iterator[ModelSummary]", summaries_of(sources, "model")), everything=everything)
    if as_json:
        whole = (whole_summary(sources, model) for model in islice(visible, limit))
        print_json_document({}, "models", whole, lambda: {**hidden_left_out(visible), "logged_left_out": visible.only_logged})
        return
    _, listed = peek(islice(visible, limit))
    empty = "all models are hidden, or only logged" if visible.left_out or visible.only_logged else _NO_MODELS
    styles = {"status": style_of_status}
    print_rows(_TITLES, _WIDTHS, map(_row, listed), LOOK_AHEAD_ROWS, optional=_OPTIONAL, empty=empty, styles=styles)
    tell_hidden(visible)
    if visible.only_logged:
        print(f"{visible.only_logged} only logged, without a version, left out: --all lists them", file=sys.stderr)


def _row(model: ModelSummary) -> tuple[str, ...]:
    serving = ", ".join(f"{stage} {version}" for stage, version in model.stages.items())
    return (
        model.stream,
        model.name or "-",
        model.status,
        str(model.versions) if model.folded_by else "-",  # a summary of 0.1.0 does not count them
        model.latest_version or "-",
        serving or "-",
        model.run or "-",
        minute_of(model.first_at),
    )
