"""`python -m tools.pinned_requirements`: prints Pipfile.lock as requirements, one line each, for uv and pip.

Set-up runs this with the Python that a machine has, before anything is installed, so it needs nothing but the standard library.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OWN_PACKAGE = "./lambda"
"""Installed by a separate command, because a folder has no hash."""


def requirements(lock: dict[str, dict[str, dict[str, Any]]]) -> Iterator[str]:
    """Every package of both groups, with its version, marker and hashes.

    Raises ValueError for a package that is not pinned to a version with a hash.
    """
    lines = {
        _requirement(name, entry): None  # many packages are in both groups
        for group in ("default", "develop")
        for name, entry in lock[group].items()
        if entry.get("path") != OWN_PACKAGE
    }
    yield from lines


def _requirement(name: str, entry: dict[str, Any]) -> str:
    if not entry.get("version", "").startswith("==") or not entry.get("hashes"):
        raise ValueError(f"{name} is not pinned to a version with a hash")
    extras = f"[{','.join(entry['extras'])}]" if entry.get("extras") else ""
    marker = f" ; {entry['markers']}" if entry.get("markers") else ""
    hashes = "".join(f" --hash={digest}" for digest in entry["hashes"])
    return f"{name}{extras}{entry['version']}{marker}{hashes}"


def main() -> int:
    file = Path("Pipfile.lock")
    try:
        lines = list(requirements(json.loads(file.read_text(encoding="utf-8"))))
    except (OSError, ValueError, LookupError) as error:
        print(f"error: {file}: {error}", file=sys.stderr)
        return 2
    print(*lines, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
