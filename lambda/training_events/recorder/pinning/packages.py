"""The packages that this Python finds: the version of each, and where it came from, if no index has it.

What pip or uv installed from anywhere but an index has a `direct_url.json` (PEP 610):
https://packaging.python.org/en/latest/specifications/direct-url-data-structure/
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct

_NAME = re.compile(r"^Name:\s*(\S+)\s*$", re.MULTILINE | re.IGNORECASE)
_VERSION = re.compile(r"^Version:\s*(\S+)\s*$", re.MULTILINE | re.IGNORECASE)


class InstalledPackages(NamedTuple):
    """Versions by normalized name. `direct` has those that came from no index, with their addresses."""

    versions: dict[str, str]
    direct: dict[str, str]


class _Folder(Struct):
    editable: bool = False


class _Repository(Struct):
    vcs: str
    commit_id: str


class _DirectUrl(Struct):
    url: str
    subdirectory: str | None = None
    dir_info: _Folder | None = None
    vcs_info: _Repository | None = None


_direct_url = msgspec.json.Decoder(_DirectUrl).decode


def installed_packages() -> InstalledPackages:
    """All that are installed. Of two installations the one that is imported counts. What cannot be read is left out."""
    versions: dict[str, str] = {}
    direct: dict[str, str] = {}
    with_address = _names_with_address()
    for distribution in distributions():  # in the order of sys.path
        name, version = _name_and_version(distribution)
        if not name or not version:
            continue
        normalized = _normalized(name)
        if normalized not in versions:
            versions[normalized] = version
            if normalized in with_address and (address := _address(distribution)) is not None:
                direct[normalized] = address
    return InstalledPackages(dict(sorted(versions.items())), dict(sorted(direct.items())))


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()  # PEP 503


def _names_with_address() -> set[str]:
    """To ask each distribution for a file that hardly any has would take half as long again as to read them all."""
    folders = [Path(folder) for folder in sys.path if isinstance(folder, str)]
    found = (file.parent.name for folder in folders for file in folder.glob("*.dist-info/direct_url.json"))
    return {_normalized(name.partition("-")[0]) for name in found}


def _name_and_version(distribution: Distribution) -> tuple[str | None, str | None]:
    """Searched in the text of the headers: to parse them all, as `Distribution.metadata` does, takes twenty times as long."""
    try:
        text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or distribution.read_text("") or ""
    except Exception:  # noqa: BLE001 - it is broken, or an import hook of the user's own has found it
        return None, None
    headers = text.partition("\n\n")[0]
    name, version = _NAME.search(headers), _VERSION.search(headers)
    return name and name[1], version and version[1]


def _address(distribution: Distribution) -> str | None:
    """`editable file:///…`, `file:///….whl`, `git+https://…@<commit>`: but for the first word as pip takes it."""
    try:
        text = distribution.read_text("direct_url.json")
        direct = None if text is None else _direct_url(text)
    except Exception:  # noqa: BLE001 - as above
        return None
    if direct is None:
        return None
    if direct.dir_info is not None and direct.dir_info.editable:
        return f"editable {direct.url}"
    address = direct.url
    if direct.vcs_info is not None:
        address = f"{direct.vcs_info.vcs}+{address}@{direct.vcs_info.commit_id}"
    return f"{address}#subdirectory={direct.subdirectory}" if direct.subdirectory else address
