"""Reads the locks: every package that this project may install, pinned to one version and its hashes."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from security.errors import MisuseError

PIPFILE, NPM, TOOLS, SHIPPED = "Pipfile.lock", "package-lock.json", "tools/requirements.txt", "lambda/requirements.txt"
"""SHIPPED is what goes into the Lambda zip: nothing else of the locks is passed on to anybody."""
COMPILED = (
    SHIPPED,
    "local/requirements.txt",
    "benchmarks/requirements.txt",
    "security/requirements.txt",
    "tests/future_toolkit/requirements.txt",
    TOOLS,
)
_OWN = "./lambda"  # this project's own package, as Pipfile names it
_NOT_PINNED = "{} is not pinned to one version of an index"


@dataclass(frozen=True, order=True)
class Package:
    name: str
    version: str
    hashed: bool
    is_for_here: bool = True  # else only machines of another kind install it
    licence: str = ""  # where the lock itself says it, as npm's does


@dataclass(frozen=True)
class Lock:
    """`packages` as often as they are locked: npm may have one version in several places."""

    file: str
    packages: tuple[Package, ...]

    def without_hash(self) -> list[str]:
        return [f"{self.file}: {one.name} {one.version} is locked without a hash" for one in self.packages if not one.hashed]


def read_locks(root: Path) -> list[Lock]:
    """Every lock of the project in `root`. Raises MisuseError for one that is missing or makes no sense."""
    readers = {PIPFILE: _of_pipenv, **dict.fromkeys(COMPILED, _of_uv), NPM: _of_npm}
    locks = []
    for file, reader in readers.items():
        try:
            packages = tuple(reader((root / file).read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise MisuseError(f"{root / file}: cannot be read as a lock: {error!r}") from None
        if not packages:
            raise MisuseError(f"{root / file}: locks nothing")
        locks.append(Lock(file, packages))
    return locks


def _of_pipenv(text: str) -> Iterator[Package]:
    content: dict[str, dict[str, dict[str, Any]]] = json.loads(text)
    packages: dict[Package, None] = {}  # many stand in both groups
    for name, entry in [*content["default"].items(), *content["develop"].items()]:
        if entry.get("path") != _OWN:
            if "version" not in entry:  # a repository, a file or a folder: what it holds is nobody's to know beforehand
                raise ValueError(_NOT_PINNED.format(name))
            requirement = Requirement(name + entry["version"])
            packages[_package(requirement, entry.get("markers"), hashed=bool(entry.get("hashes")))] = None
    yield from packages


def _of_uv(text: str) -> Iterator[Package]:
    for line in text.replace("\\\n", "").splitlines():
        if line.strip() and not line.startswith("#"):
            pin, *hashes = line.split(" --hash=")
            requirement = Requirement(pin)
            yield _package(requirement, str(requirement.marker or ""), hashed=bool(hashes))


def _package(requirement: Requirement, marker: str | None, *, hashed: bool) -> Package:
    """Raises ValueError where it is not pinned to one version."""
    if [specifier.operator for specifier in requirement.specifier] != ["=="]:
        raise ValueError(_NOT_PINNED.format(requirement))
    (specifier,) = requirement.specifier
    name, version = canonicalize_name(requirement.name), str(Version(specifier.version))
    return Package(name, version, hashed, is_for_here=not marker or Marker(marker).evaluate())


def _of_npm(text: str) -> Iterator[Package]:
    for place, entry in json.loads(text)["packages"].items():
        if place:  # else this project's own
            if "version" not in entry:
                raise ValueError(_NOT_PINNED.format(place))
            # A package that stands in another's tarball has that one's hash.
            hashed = entry.get("integrity", "").startswith("sha512-") or entry.get("inBundle", False)
            name = entry.get("name", place.rpartition("node_modules/")[2])  # an alias has its own name besides
            yield Package(name, entry["version"], hashed, licence=str(entry.get("license", "")))
