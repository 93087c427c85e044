"""The style sheets and scripts of pages: files of this package, which a report has inside and a server sends."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

STATIC = Path(__file__).parent / "static"

STYLES = (
    "page.css",
    "table.css",
    "timeline.css",
    "verification.css",
    "versions.css",
    "comparison.css",
    "lineage.css",
    "uplot/uPlot.min.css",
    "curves.drawing.css",
    "curves.css",
)
"""Of every page, in this order."""
SCRIPTS = (
    "page.js",
    "copy.js",
    "cut.js",
    "uplot/uPlot.iife.min.js",
    "curves.words.js",
    "curves.settings.js",
    "curves.points.js",
    "curves.data.js",
    "curves.lines.js",
    "curves.paint.js",
    "curves.cursor.js",
    "curves.keys.js",
    "curves.controls.js",
    "curves.chart.js",
    "curves.curve.js",
    "curves.js",
)
"""The same of scripts. What is of uPlot is there once that is set up; without it curves are drawings."""
UI_STYLES = (*STYLES, "ui.css")
UI_SCRIPTS = (SCRIPTS[0], "swap.js", *SCRIPTS[1:], "table.js", "slider.js", "live.js")
"""Of every page that is served."""


def assets_text(names: Iterable[str]) -> str:
    """The text of files in `static/`, one after the other, of those that are there."""
    files = [STATIC / name for name in names]
    return "\n".join(file.read_text(encoding="utf-8") for file in files if file.exists())


def policy_hash(text: str) -> str:
    """What a content security policy calls an inline script or style by: https://www.w3.org/TR/CSP3/#grammardef-hash-source."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
