"""The style sheets and scripts of pages: files of this package, which a report has inside and a server sends."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from pathlib import Path

STATIC = Path(__file__).parent / "static"

STYLES = ("page.css", "timeline.css", "verification.css", "lineage.css", "curves.css")
"""Of every page, in this order."""
SCRIPTS = (
    "page.js",
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
    "curves.js",
)
"""The same of scripts. What is of uPlot is there once that is set up; without it curves are drawings."""
UI_STYLES = (*STYLES, "uplot/uPlot.min.css", "table.css", "ui.css")
UI_SCRIPTS = (*SCRIPTS, "table.js")
"""Of every page that is served."""


def asset_text(name: str) -> str:
    """The text of a file in `static/`."""
    return (STATIC / name).read_text(encoding="utf-8")


def policy_hash(text: str) -> str:
    """What a content security policy calls an inline script or style by: https://www.w3.org/TR/CSP3/#grammardef-hash-source."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
