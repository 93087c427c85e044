"""What pages need beyond the library is in the extra `ui`."""

from __future__ import annotations

from importlib.util import find_spec

from training_events.errors import Misused


def require_extra(*packages: str) -> None:
    """Raises Misused, with the command that installs them, where one of these packages is missing."""
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise Misused(f"pages need {' and '.join(missing)}: pip install 'training-events[ui]'")
