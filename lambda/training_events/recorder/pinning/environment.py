"""What was started: the script, module or notebook that this process runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType


def folder_of(main: ModuleType | None) -> Path:
    """The folder that the code lies in; where no file was started (a notebook, a prompt), the working folder."""
    file = getattr(main, "__file__", None)
    return Path(file).resolve().parent if isinstance(file, str) else Path.cwd()


def entry_point(main: ModuleType | None, root: Path | None, environment: Mapping[str, str] = os.environ) -> str | None:
    """`-m package.module`, or the file's path: from the repository's root, else from the working folder, else in full.

    A notebook is known where Jupyter Server names it in JPY_SESSION_NAME:
    https://github.com/jupyter-server/jupyter_server/pull/1100
    """
    module = getattr(getattr(main, "__spec__", None), "name", None)
    if isinstance(module, str) and module != "__main__":  # which is what a folder or an archive is called that is run
        return f"-m {module.removesuffix('.__main__')}"
    file = getattr(main, "__file__", None)
    if not isinstance(file, str):
        file = environment.get("JPY_SESSION_NAME", "")
        if not file.endswith(".ipynb"):
            return None
    path = Path(file).resolve()
    for base in (root, Path.cwd()):
        if base is not None and path.is_relative_to(base.resolve()):
            return path.relative_to(base.resolve()).as_posix()
    return str(path)


def main_module() -> ModuleType | None:
    """The module that Python was started with; in a notebook the one that its cells run in."""
    return sys.modules.get("__main__")
