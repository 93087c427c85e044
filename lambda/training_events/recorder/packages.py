"""The installed packages and their versions."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, distributions

_NAME = re.compile(r"^Name:\s*(\S+)\s*$", re.MULTILINE | re.IGNORECASE)
_VERSION = re.compile(r"^Version:\s*(\S+)\s*$", re.MULTILINE | re.IGNORECASE)


def installed_packages() -> dict[str, str]:
    """Versions by normalized name; of two installations the one that is imported. What cannot be read is left out."""
    packages: dict[str, str] = {}
    for distribution in distributions():  # in the order of sys.path
        name, version = _name_and_version(distribution)
        if name and version:
            packages.setdefault(re.sub(r"[-_.]+", "-", name).lower(), version)  # PEP 503
    return dict(sorted(packages.items()))


def _name_and_version(distribution: Distribution) -> tuple[str | None, str | None]:
    """From the text of the headers: parsing all of them, as `Distribution.metadata` does, takes twenty times as long."""
    try:
        text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or distribution.read_text("") or ""
    except Exception:  # noqa: BLE001 - broken, or found by an import hook of somebody's own
        return None, None
    headers = text.partition("\n\n")[0]
    name, version = _NAME.search(headers), _VERSION.search(headers)
    return name and name[1], version and version[1]
