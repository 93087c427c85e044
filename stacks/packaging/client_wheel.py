"""Builds the client's wheel, which the notebook installs, with the same bytes on every machine, and without a network.

hatchling builds it from a copy of the files that belong in it, so that neither the path of the folder nor other files in it
matter. As with the functions' package, the cache has it under the hash of these files. What draws charts has to be set up:
otherwise it would depend on the network what is in the wheel.
"""

import importlib.metadata
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from stacks.packaging import deterministic_zip
from stacks.packaging.lambda_package import SOURCE, PackageError
from stacks.settings.folders import APP

CACHE = APP / ".build" / "client"
CHARTS = "training_events/pages/static/uplot/"


def build(source: Path = SOURCE, cache: Path = CACHE) -> Path:
    """The wheel of `source`, from the cache if it is there. Raises PackageError."""
    files = dict(_files(source))
    if not any(name.startswith(CHARTS) for name in files):
        raise PackageError(f"the client's wheel cannot be built: {source / CHARTS} is not there; make setup brings it")
    hatchling = importlib.metadata.version("hatchling")  # the wheel contains its version
    folder = cache / deterministic_zip.fingerprint(hatchling.encode(), files)
    for wheel in folder.glob("*.whl"):
        return wheel
    with tempfile.TemporaryDirectory() as temporary:
        original = _run_hatchling(files, Path(temporary))
        wheel = folder / original.name
        deterministic_zip.write(wheel, deterministic_zip.read(original))
    return wheel


def _files(source: Path) -> Iterator[tuple[str, bytes]]:
    """The project file, the texts that it names, and the package's own files as (name, content), in a fixed order."""
    for own in ("pyproject.toml", "hatch_build.py", "LICENSE", "README.md"):
        yield own, (source / own).read_bytes()
    for file in sorted((source / "training_events").rglob("*")):
        name = file.relative_to(source)
        if file.is_file() and "__pycache__" not in name.parts:
            yield name.as_posix(), file.read_bytes()


def _run_hatchling(files: dict[str, bytes], folder: Path) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", "dist"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        errors = done.stderr.splitlines() or [f"hatchling ended with {done.returncode}"]
        raise PackageError(f"the client's wheel cannot be built: {errors[-1]}")
    (wheel,) = (folder / "dist").glob("*.whl")
    return wheel
