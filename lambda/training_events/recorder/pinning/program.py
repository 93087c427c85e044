"""Which code runs in this process: the file whose version counts, and all files that are part of it.

What is installed in an environment (a console script, a launcher, a library) is not the code of the training: its version is
among the packages. Where the program itself is such a thing, the code is that of the outermost caller that is none: the script
that coverage or IPython runs, the function of a package in development, the task of a worker of joblib.
"""

from __future__ import annotations

import os
import sys
import sysconfig
import traceback
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import ModuleType

_OWN = Path(__file__).resolve().parents[2]
_SOURCES = (".py", ".pyw", ".ipynb")


def main_module() -> ModuleType | None:
    """The module that Python was started with; in a notebook the one in which its cells run."""
    return sys.modules.get("__main__")


def code_folder(main: ModuleType | None) -> Path | None:
    """The folder of the code. Where no file was started (a notebook, a prompt) it is the working folder.

    None if only what is installed runs here.
    """
    file = getattr(main, "__file__", None)
    if not isinstance(file, str):
        return Path.cwd()
    found = next((path for path in (Path(file).resolve(), *_callers()) if not _is_installed(str(path))), None)
    return None if found is None else found.parent


def text_without_file(main: ModuleType | None, environment: Mapping[str, str] = os.environ) -> str | None:
    """What Python calls the text of a program that is in no file, as of `python -c` or a pipe. None if it is in one."""
    file = getattr(main, "__file__", None)
    if isinstance(file, str):
        return None if Path(file).is_file() else file
    if _notebook(environment):
        return None
    return "<string>" if sys.argv[:1] == ["-c"] else "<stdin>"


def files_that_run(main: ModuleType | None, environment: Mapping[str, str] = os.environ) -> list[Path]:
    """The files that are part of this program by now, and are not installed: scripts, notebooks, modules."""
    # not by `getattr`: some modules do more than look when they are asked for an attribute
    modules = (getattr(module, "__dict__", {}).get("__file__") for module in list(sys.modules.values()))
    sources = [file for file in modules if isinstance(file, str) and file.endswith(_SOURCES)]
    started = getattr(main, "__file__", None)
    named = [*sources, *([started] if isinstance(started, str) else []), *_notebook(environment)]
    paths = {Path(file).resolve() for file in named if not _is_installed(file)} | set(_callers())
    return sorted(path for path in paths if not path.is_relative_to(_OWN) and not _is_installed(str(path)) and path.is_file())


def _notebook(environment: Mapping[str, str]) -> list[str]:
    """The file of the notebook that runs here, if Jupyter Server names one."""
    notebook = environment.get("JPY_SESSION_NAME", "")
    return [notebook] if notebook.endswith(".ipynb") and Path(notebook).is_file() else []


def _callers() -> Iterator[Path]:
    """The files of the functions that are being called, the outermost first."""
    frames = [frame.f_code.co_filename for frame, _ in traceback.walk_stack(None)]
    paths = (Path(file).resolve() for file in reversed(frames) if not file.startswith("<") and not _is_installed(file))
    return (path for path in paths if path.is_file() and not path.is_relative_to(_OWN))


def _is_installed(file: str) -> bool:
    return "site-packages" in file or "dist-packages" in file or file.startswith(_environment_folders())


@cache
def _environment_folders() -> tuple[str, ...]:
    """Where this Python has its library, and where it puts console scripts, for everybody and for this user."""
    schemes = (sysconfig.get_default_scheme(), sysconfig.get_preferred_scheme("user"))
    names = ("stdlib", "platstdlib", "scripts")
    paths = [Path(path) for scheme in schemes for path in map(sysconfig.get_paths(scheme).get, names) if path]
    return tuple(f"{form}{os.sep}" for path in paths for form in (path, path.resolve()))
