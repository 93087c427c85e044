"""What pages need beyond the library is in the extra `ui`."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from training_events.errors import Misused
from training_events.pages.assets import STATIC

if TYPE_CHECKING:
    from pathlib import Path


def require_extra(*packages: str) -> None:
    """Raises Misused, with the command that installs them, where one of these packages is missing."""
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise Misused(f"pages need {' and '.join(missing)}: pip install 'training-events[ui]'")


def missing_charts(static: Path = STATIC) -> str | None:
    """What to say where the package was built without what draws charts, as from a clone without npm."""
    if (static / "uplot" / "uPlot.iife.min.js").exists():
        return None
    return "curves are drawings, which cannot be zoomed: this package was built without uPlot; with npm, install it again"
