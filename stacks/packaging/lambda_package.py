"""Builds the package that Lambda runs: `training_events` and its locked dependencies, with the same bytes on every machine.

The dependencies are wheels for the target's platform. So nothing is compiled, and any machine can build for any platform. The
cache has the zip under the hash of its content, so an unchanged package is found at once, and needs no network.

`python -m stacks.packaging.lambda_package` builds the package of every environment before a synth.
"""

import hashlib
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from command_line import CommandError, run_command
from stacks.packaging import deterministic_zip
from stacks.settings import Settings
from stacks.settings.file import SettingsError, environment_names, load
from stacks.settings.folders import APP, SOURCES

SOURCE = SOURCES / "lambda"
CACHE = APP / ".build" / "package"

# The parts that people run are left out: Lambda does not run them, and a change in them needs no deploy. So their
# dependencies are not in the zip either.
_LEFT_OUT = {
    "__pycache__",
    "analytics",
    "callbacks",
    "cli",
    "evidence",
    "interchange",
    "notebook",
    "pages",
    "reading",
    "recorder",
    "reproduction",
    "worker",
}
# The wheels that work with Lambda's C library: glibc 2.26 under Python 3.11 (Amazon Linux 2), 2.34 under later ones (2023).
_GLIBC = {"python3.11": ("manylinux2014", "manylinux_2_17")}
_GLIBC_LATER = ("manylinux2014", "manylinux_2_17", "manylinux_2_28", "manylinux_2_34")
_MACHINE = {"arm64": "aarch64", "x86_64": "x86_64"}


class PackageError(CommandError):
    """The package or the wheel cannot be built. The message is one line."""


@dataclass(frozen=True)
class Target:
    """Where the package runs: on a Lambda runtime such as `python3.13` with `arm64` or `x86_64`, or on this machine."""

    runtime: str
    architecture: str
    is_this_machine: bool = False

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The target of the settings. An emulator runs functions with this machine's Python, not with the declared runtime."""
        if settings.emulated:
            version = f"python{sys.version_info.major}.{sys.version_info.minor}"
            return cls(version, platform.machine(), is_this_machine=True)
        return cls(settings.event_processor.runtime, settings.event_processor.architecture)

    def pip_options(self) -> list[str]:
        if self.is_this_machine:
            return []
        glibc = _GLIBC.get(self.runtime, _GLIBC_LATER)
        platforms = [f"--platform={name}_{_MACHINE[self.architecture]}" for name in glibc]
        return [*platforms, f"--python-version={self.runtime.removeprefix('python')}", "--implementation=cp"]


def build(target: Target, source: Path = SOURCE, cache: Path = CACHE) -> Path:
    """The zip for `target`, from the cache if it is there. Raises PackageError."""
    requirements = source / "requirements.txt"
    entries = dict(_own_files(source))
    seed = repr(target).encode() + requirements.read_bytes()
    package = cache / deterministic_zip.fingerprint(seed, entries) / "training-events.zip"
    if package.exists():
        return package
    print(f"building the package for {target.runtime}, {target.architecture}", file=sys.stderr)
    wheels = _wheels(requirements, target, cache)
    for wheel in sorted(wheels.glob("*.whl")):
        entries.update(deterministic_zip.read(wheel))
    deterministic_zip.write(package, entries)
    return package


def _own_files(source: Path) -> Iterator[tuple[str, bytes]]:
    """The package's own modules as (name in the zip, content), in a fixed order."""
    for file in sorted((source / "training_events").rglob("*.py")):
        name = file.relative_to(source)
        if not _LEFT_OUT.intersection(name.parts):
            yield name.as_posix(), file.read_bytes()


def _wheels(requirements: Path, target: Target, cache: Path) -> Path:
    """A folder with the locked wheels for `target`, downloaded once."""
    key = hashlib.sha256(repr(target).encode() + requirements.read_bytes()).hexdigest()[:32]
    folder = cache / "wheels" / key
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(dir=folder.parent))
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--require-hashes",
    ]
    command += ["--only-binary=:all:", *target.pip_options(), f"--dest={unfinished}", f"--requirement={requirements}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(unfinished)
        lines = done.stderr.splitlines()
        errors = [line for line in lines if line.startswith("ERROR")] or lines
        reason = errors[-1] if errors else f"pip ended with {done.returncode}"
        raise PackageError(f"the package for {target.runtime}, {target.architecture} cannot be built: {reason}")
    if folder.exists():  # another build has downloaded them meanwhile
        shutil.rmtree(unfinished)
    else:
        unfinished.rename(folder)
    return folder


def main() -> int:
    """Build what the environments need. A mistake in a settings file is for a synth to tell, and stops no test and no demo."""
    for name in environment_names():
        with suppress(SettingsError):
            build(Target.of(load(name)))
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main))
