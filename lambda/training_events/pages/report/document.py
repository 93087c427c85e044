"""The one file of a report: its styles and scripts are inside, and by its policy a browser runs those and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup
from msgspec import Struct

from training_events.pages import assets
from training_events.pages.rendering import render
from training_events.pages.report.anchors import Anchors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training_events.pages.page import Asked, Page
    from training_events.pages.report.made import Made

_MAX_NAMES_IN_TITLE = 3


class _Part(Struct, frozen=True):
    """A page of the report. `prefix` comes before each of its ids."""

    prefix: str
    page: Page


def report_html(pages: Sequence[Page], asked: Asked, made: Made) -> str:
    """The whole file. It asks nothing of any network."""
    parts = [_Part(f"p{number}-" if len(pages) > 1 else "", page) for number, page in enumerate(pages, 1)]
    anchors = Anchors({part.page.stream: f"{part.prefix}title" for part in parts if part.page.stream is not None})
    styles, scripts = assets.assets_text(assets.STYLES), assets.assets_text(assets.SCRIPTS)
    return render(
        "report.html",
        anchors,
        title=_title(pages),
        parts=parts,
        asked=asked,
        made=made,
        policy=f"default-src 'none'; style-src {assets.policy_hash(styles)}; script-src {assets.policy_hash(scripts)}; "
        "base-uri 'none'; form-action 'none'",
        styles=Markup(styles),  # noqa: S704 - files of this package
        scripts=Markup(scripts),  # noqa: S704
    )


def _title(pages: Sequence[Page]) -> str:
    names = [page.title for page in pages if page.stream is not None]
    more = len(names) - _MAX_NAMES_IN_TITLE
    if more > 1:
        return f"{', '.join(names[:_MAX_NAMES_IN_TITLE])} and {more} more"
    return ", ".join(names)
