"""The line by which uv installs a recorded package, for a launch and for a person who does it by hand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from training_events.errors import NotLaunched
from training_events.recorder.storage.files import local_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.!+_-]*")
_ADDRESS = re.compile(r"([a-z0-9+]+:\S+)?")
_EDITABLE = ("", "editable")


def requirement(name: str, version: str, direct: str | None, place_of: Callable[[Path], Path | None]) -> str:
    """`numpy==2.1.3`, or the address that a package came from. `place_of` tells where a folder of the code is now.

    Raises NotLaunched for what would be more than one package: anybody may have recorded anything.
    """
    editable, _, address = (direct or "").rpartition(" ")
    if address.startswith("file://") and (place := place_of(local_path(address))):
        address = place.as_uri()
    if not (_NAME.fullmatch(name) and _VERSION.fullmatch(version) and _ADDRESS.fullmatch(address)) or editable not in _EDITABLE:
        recorded = " ".join(f"{part!a:.80}" for part in (name, version, direct) if part is not None)
        raise NotLaunched(f"the package {recorded} cannot be installed: that is no package's name, version or address")
    if not address:
        return f"{name}=={version}"
    return f"--editable {address}" if editable else f"{name} @ {address}"
