"""The commands by which a person does a run again on this machine: to be pasted into a shell, in any folder."""

from __future__ import annotations

import json
import os
import platform
import re
import shlex
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from training_events.reading.wording.spec import is_list_of_packages
from training_events.recorder.pinning.environment import ALLOWED
from training_events.recorder.storage.files import local_path
from training_events.reproduction.outside import clone_with
from training_events.reproduction.pinned_spec import OWN_DISTRIBUTION, pinned_spec
from training_events.reproduction.requirement import requirement
from training_events.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.catalogue.run import UsedDataset
    from training_events.catalogue.stored import Stored
    from training_events.folds.run_state import RunState

_INSTALLED = {"site-packages", "dist-packages"}
_CHANNEL = re.compile(r"[A-Za-z0-9_-]{1,64}")


def commands(state: RunState, *, new_run: str, log: str) -> list[str]:
    """What to type, command by command, to do the run again as `new_run`. The last one judges it.

    What the run did not record is left out. `log` is the address of the log that the new run is recorded to.

    Raises NotLaunched for a package that is none.
    """
    hand = _ByHand(state, new_run)
    data = list(hand.data())  # it says which channels there are
    own = {"TRAINING_EVENTS_LOG": log, "TRAINING_EVENTS_RUN": new_run, "TRAINING_EVENTS_REPRODUCES": state.stream}
    judge = ["training-events", "reproduce", state.stream, "--judge", f"run/{new_run}", "--log", log]
    return [*hand.code(), *hand.environment(), *data, *hand.program(own), shlex.join(judge)]


class _ByHand:
    """The new run has its folder beside the clone that is at hand, or else beside the working folder."""

    def __init__(self, state: RunState, new_run: str) -> None:
        self._spec, self._datasets = pinned_spec(state), state.lineage.datasets
        self._clone = clone_with(self._spec.code) if self._spec.code else None
        self._folder = (self._clone or Path.cwd()).parent / new_run
        self._environment = self._folder / ".venv"
        self._kept = self._folder / ".git" / "reproduction"  # where git takes it for no part of the code
        self._channels: dict[str, str] = {}

    def code(self) -> Iterator[str]:
        yield _shell("git", "init", "--quiet", self._folder)
        code, git = self._spec.code, ("git", "-C", self._folder)
        if code is None or code.commit is None:
            return
        if code.repository:  # the new run records it, as the original did
            yield _shell(*git, "remote", "add", "origin", code.repository)
        if source := self._clone or code.repository:
            yield _shell(*git, "fetch", "--quiet", "--depth=1", "--", source, code.commit)
        yield _shell(*git, "checkout", "--quiet", "--detach", code.commit)
        if code.diff is not None:
            patch = self._kept / "changes.patch"
            yield from _brought(code.diff, patch)
            yield _shell(*git, "apply", "--whitespace=nowarn", patch)

    def environment(self) -> Iterator[str]:
        here, version = platform.python_version(), self._spec.python or platform.python_version()
        # this very Python need not be one that uv finds, and of another one uv may have only another patch version
        python = sys.executable if version == here else ".".join(version.split(".")[:2])
        yield _shell("uv", "venv", "--quiet", "--no-project", "--python", python, self._environment)
        install = ("uv", "pip", "install", "--quiet", "--python", self._environment, "--no-deps")
        packages, direct = self._spec.packages, self._spec.direct_packages or {}
        if is_list_of_packages(packages):
            pins = [
                requirement(name, str(version), direct.get(name), self._place_of)
                for name, version in packages.items()
                if name != OWN_DISTRIBUTION
            ]
            listed = self._environment / "packages.txt"
            yield "\n".join([f"cat > {shlex.quote(str(listed))} <<'END'", *pins, "END"])
            yield _shell(*install, "--requirements", listed)
        yield _shell(*install, _own_distribution())

    def _place_of(self, path: Path) -> Path | None:
        """Where a file or folder of the clone at hand is in the new one."""
        if self._clone is None or not path.is_relative_to(self._clone):
            return None
        return self._folder / path.relative_to(self._clone)

    def data(self) -> Iterator[str]:
        """Brings each dataset to where the program reads it, and compares its digest."""
        for dataset in self._datasets:
            uri = dataset.uri or ""
            if uri.startswith("file://"):
                yield from self._local(dataset, local_path(uri))
            elif uri.startswith("s3://"):
                role = dataset.role if dataset.role and _CHANNEL.fullmatch(dataset.role) else "data"
                channel = self._kept / role
                self._channels[f"SM_CHANNEL_{role.upper()}"] = str(channel)
                yield from _brought(dataset, channel / PurePosixPath(uri).name)

    def _local(self, dataset: UsedDataset, path: Path) -> Iterator[str]:
        """A file of a package is there with its package, and one of the code's folder has to be in the new one."""
        if installed := [number for number, part in enumerate(path.parts) if part in _INSTALLED]:
            minor = ".".join((self._spec.python or platform.python_version()).split(".")[:2])
            packages = self._environment / "lib" / f"python{minor}" / "site-packages"
            yield from _checked(dataset, packages.joinpath(*path.parts[installed[-1] + 1 :]))
        elif place := self._place_of(path):
            yield from _brought(dataset, place)
        else:
            yield from _checked(dataset, path)

    def program(self, own: dict[str, str]) -> Iterator[str]:
        entry_point, arguments = self._spec.entry_point, self._spec.arguments
        if entry_point is None:
            return
        root = self._folder / (self._spec.working_folder or "")
        python = self._environment / "bin" / "python"
        if entry_point.startswith("-m "):
            program = [python, "-m", entry_point.removeprefix("-m ")]
        elif PurePosixPath(entry_point).parent.name == "bin":  # the command of a package
            program = [python.with_name(PurePosixPath(entry_point).name)]
        else:
            program = [python, os.path.relpath(self._folder / entry_point, root)]
        recorded = {name: str(value) for name, value in (self._spec.environment or {}).items()}
        # what this shell has, and the original did not have
        unset = [word for name in ALLOWED if name in os.environ and name not in recorded for word in ("-u", name)]
        variables = [f"{name}={value}" for name, value in (recorded | self._channels | own).items()]
        given = arguments if isinstance(arguments, list) else []
        yield f"(cd {shlex.quote(str(root))} && {_shell('env', *unset, *variables, *program, *given)})"


def _brought(stored: Stored, place: Path) -> Iterator[str]:
    """Copies or downloads a file or folder to a place, and compares its digest."""
    uri = stored.uri or ""
    yield _shell("mkdir", "-p", "--", place.parent)
    if uri.startswith("file://"):
        yield _shell("cp", "-R", "--", local_path(uri), place)
    elif uri.endswith("/"):
        yield _shell("aws", "s3", "cp", "--recursive", uri, place)
    else:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        version = ("--version-id", stored.version_id) if stored.version_id else ()
        yield _shell("aws", "s3api", "get-object", "--bucket", bucket, "--key", key, *version, place)
    yield from _checked(stored, place)


def _checked(stored: Stored, place: Path) -> Iterator[str]:
    """Of a folder no common tool has the digest: the new run records it, and its verdict compares the two."""
    if stored.sha256 and not (stored.uri or "").endswith("/"):
        yield f"echo {shlex.quote(f'{stored.sha256}  {place}')} | sha256sum --check --quiet"


def _own_distribution() -> str:
    """The recorder that runs here: from where it was installed, or else its version in the index."""
    try:
        installed = json.loads(distribution(OWN_DISTRIBUTION).read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        installed = {}
    url = str(installed.get("url", ""))
    return str(local_path(url)) if url.startswith("file://") else f"{OWN_DISTRIBUTION}=={__version__}"


def _shell(*words: object) -> str:
    return shlex.join(map(str, words))
