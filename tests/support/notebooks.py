"""Runs a notebook from top to bottom, as Jupyter does, and returns the output of its cells."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from tests.support.patience import PATIENCE_SECONDS


@dataclass(frozen=True)
class Executed:
    notebook: Any

    def output_of(self, cell_id: str) -> str:
        """What the cell printed, or its last value."""
        (cell,) = (cell for cell in self.notebook.cells if cell.id == cell_id)
        return "".join(output.get("text") or output["data"]["text/plain"] for output in cell.outputs)


def execute(notebook: Path, folder: Path, environment: Mapping[str, str]) -> Executed:
    """Run the notebook in `folder`, which is also the kernel's home, with this Python. An error in a cell is raised here."""
    content = nbformat.read(notebook, as_version=4)
    commands = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    client = NotebookClient(content, timeout=int(PATIENCE_SECONDS), resources={"metadata": {"path": str(folder)}})
    client.execute(env={**environment, "PATH": commands, "HOME": str(folder), "XDG_STATE_HOME": str(folder / "state")})
    return Executed(content)
