"""Reads the locks: every package that this project may install, pinned to one version and its hashes."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from security.errors import MisuseError
from tools.pinned_requirements import requirements

PIPFILE, NPM, SHIPPED = "Pipfile.lock", "package-lock.json", "lambda/requirements.txt"
CHARTS = "lambda/package-lock.json"
"""SHIPPED: the packages in the Lambda zip. CHARTS: those in the client's wheel. This project distributes no other packages of
the locks."""
NPM_LOCKS = (NPM, CHARTS)
ENVIRONMENTS = {
    SHIPPED: "shipped",
    "local/requirements.txt": "emulators",
    "benchmarks/requirements.txt": "trackers",
    "docs/requirements.txt": "mkdocs",
    "security/requirements.txt": "security",
    "tests/analytics/requirements.txt": "spark",
    "tests/future_toolkit/requirements.txt": "cdktn",
    "tools/requirements.txt": "tools",
}
"""Each requirements.txt, and the virtual environment in .build/ that is made from it on demand."""
_PIN = re.compile(r"(?P<name>[\w.-]+)(\[.+\])?==(?P<version>[\w.+!-]+)( ;.+)? --hash=sha256:")


class Package(NamedTuple):
    name: str
    version: str
    licence: str = ""  # only npm's lock has it


Locks = Mapping[str, Sequence[Package]]


def read_locks(root: Path) -> Locks:
    """The packages of every lock. Raises MisuseError for a lock that cannot be read, or that has packages without hashes."""
    locks = {}
    for file in (PIPFILE, *ENVIRONMENTS, *NPM_LOCKS):
        try:
            text = (root / file).read_text(encoding="utf-8")
            locks[file] = [*dict.fromkeys(_reader_of(file)(text))]
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise MisuseError(f"{root / file}: cannot be read as a lock: {error!r}") from None
        if not locks[file]:
            raise MisuseError(f"{root / file}: locks nothing")
    return locks


def _reader_of(file: str) -> Callable[[str], Iterator[Package]]:
    return _of_pipenv if file == PIPFILE else _of_npm if file in NPM_LOCKS else _of_uv


def _of_uv(text: str) -> Iterator[Package]:
    for line in text.replace("\\\n    ", "").splitlines():
        if line and not line.startswith("#"):
            if not (pin := _PIN.match(line)):
                raise ValueError(f"{line:.80} is not pinned to a version with a hash")
            yield Package(pin["name"], pin["version"])


def _of_pipenv(text: str) -> Iterator[Package]:
    yield from _of_uv("\n".join(requirements(json.loads(text))))


def _of_npm(text: str) -> Iterator[Package]:
    for path, entry in json.loads(text)["packages"].items():
        if path:  # the empty path is this project itself
            # A package in the tarball of another one is covered by the hash of that one.
            if not (entry.get("integrity", "").startswith("sha512-") or entry.get("inBundle")) or "version" not in entry:
                raise ValueError(f"{path} is not pinned to a version with a hash")
            name = entry.get("name", path.rpartition("node_modules/")[2])  # an entry under an alias has its real name too
            yield Package(name, entry["version"], str(entry.get("license", "")))
