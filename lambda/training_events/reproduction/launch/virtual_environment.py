"""A virtual environment with exactly the packages that a run recorded, and the recorder that runs here. uv makes it."""

from __future__ import annotations

import platform
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from training_events.errors import NotLaunched
from training_events.reproduction.launch import pip_settings
from training_events.reproduction.launch.own_wheel import NAME, own_wheel, requirements
from training_events.reproduction.requirement import requirement

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from training_events.reproduction.launch.processes import Output, Processes

_MISSING = re.compile(
    r"there is no version of (?P<pin>[\w.-]+)"
    r"|(?P<name>[\w.-]+) was not found in the (?:package registry|provided package locations)"
    r"|(?P<wheel>[\w.-]+)==\S+ has no wheels"
)
"""Of all that uv explains, the package."""
_MAX_REASON_LENGTH = 300


class VirtualEnvironment:
    """`folder` holds it once it is made. `python` is its Python."""

    def __init__(self, folder: Path, processes: Processes) -> None:
        self.folder, self._processes = folder, processes
        self.bin = folder / "bin"
        self.python = self.bin / "python"
        self._uv = _find_uv()

    def make(self, version: str) -> str:
        """Returns the version of the Python that it has: the same, or else one with the same minor. Raises NotLaunched."""
        minor = ".".join(version.split(".")[:2])
        # this one need not be on the PATH, and then uv would not find it
        exact = sys.executable if platform.python_version() == version else version
        for wanted in (exact, minor):
            made = self._run("venv", "--quiet", "--no-project", "--clear", "--python", wanted, str(self.folder))
            if not made.code:
                command = [str(self.python), "-c", "import platform; print(platform.python_version())"]
                return self._processes.output(command, self.folder).out.strip()
        raise NotLaunched(f"Python {version} cannot be had, nor another {minor}: {_reason(made)}")

    def install(self, packages: Mapping[str, str], direct: Mapping[str, str], place_of: Callable[[Path], Path | None]) -> None:
        """Exactly these packages, each at its version; those in `direct` from the address there. Raises NotLaunched.

        `place_of` tells where a folder of the code is now: a package may be installed from there.
        """
        settings = pip_settings.pip_settings(self._listed_settings())
        others = {name: version for name, version in packages.items() if name != NAME}
        recorded = [requirement(name, version, direct.get(name), place_of) for name, version in others.items()]
        self._install(others, settings, "--no-deps", "--requirements", self._listed("packages.txt", recorded))
        # not into the cache, which would keep each wheel
        self._install(others, settings, "--no-deps", "--no-cache", str(own_wheel(self.folder)))
        if missing := [line for name, line in requirements() if name not in others]:
            pins = [f"{name}=={version}" for name, version in others.items() if name not in direct]
            self._install(others, settings, "--constraints", self._listed("constraints.txt", pins), *missing)

    def site_packages(self) -> Path:
        """The folder that packages are in."""
        return next(self.folder.glob("lib/python*/site-packages"))

    def _install(self, packages: Mapping[str, str], settings: Mapping[str, str], *arguments: str) -> None:
        options = ["--quiet", "--python", str(self.python), *pip_settings.options(settings)]
        installed = self._run("pip", "install", *options, *arguments, variables=pip_settings.variables_of_all(settings))
        if not installed.code:
            return
        if found := _MISSING.search(" ".join(installed.err.split())):
            name = next(filter(None, found.groups()))
            raise NotLaunched(f"the package {name} {packages.get(name, '')} cannot be had: no index has it".replace("  ", " "))
        raise NotLaunched(f"the packages cannot be installed: {_reason(installed)}")

    def _listed(self, name: str, lines: list[str]) -> str:
        """The path of a file with these lines."""
        file = self.folder / name
        file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return str(file)

    def _run(self, *command: str, variables: Mapping[str, str] | None = None) -> Output:
        return self._processes.output([self._uv, *command], self.folder.parent, variables)

    def _listed_settings(self) -> str:
        """What `pip config list` prints, of the pip beside this Python or else on the PATH. Empty where there is none."""
        for pip in ([sys.executable, "-m", "pip"], ["pip"]):
            if pip == ["pip"] and shutil.which("pip") is None:
                break
            listed = self._processes.output([*pip, "config", "list"], self.folder)
            if not listed.code:
                return listed.out
        return ""


def _find_uv() -> str:
    beside = Path(sys.executable).with_name("uv")
    if uv := str(beside) if beside.exists() else shutil.which("uv"):
        return uv
    raise NotLaunched("uv is not installed, which makes the environment of the run: pip install uv")


def _reason(output: Output) -> str:
    """What uv says, cut to one line."""
    message = " ".join(output.err.split())
    return message.partition("error: ")[2][:_MAX_REASON_LENGTH] or f"uv ended with {output.code}"
