"""A company's own app as it would be: in a folder elsewhere, with the library installed from its wheel, and no repository."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.support.environment import without_aws
from tests.support.paths import ROOT
from tests.support.session import once
from tools.wheel import build_stack

EXAMPLE = ROOT / "examples" / "own_app"


def installed(folder: Path) -> Path:
    """The Python of a new virtual environment with the library in it, and with what it needs from this project's lock."""
    (wheel,) = build_stack(folder / "dist")
    python = folder / ".venv" / "bin" / "python"
    _run("venv", "--python", sys.executable, str(folder / ".venv"))
    _run("pip", "install", "--no-index", "--no-deps", "--python", str(python), str(wheel))
    # What the lock has is installed here already. This is without the repository itself: its packages are not in that folder.
    (site_packages,) = (folder / ".venv" / "lib").glob("python*/site-packages")
    (site_packages / "locked.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    return python


def synthesized_own_app(session: Path) -> Path:
    """The folder of the example's app with the repository's settings and recipes; its cdktf.out is made once a session."""
    return once(session, "own_app", _synthesize)


def _synthesize(folder: Path) -> None:
    shutil.copytree(EXAMPLE, folder)
    for own in ("environments", "training/recipes"):
        shutil.copytree(ROOT / own, folder / own, dirs_exist_ok=True)
    # What set-up has downloaded for the functions: no test needs a network.
    shutil.copytree(ROOT / ".build" / "package" / "wheels", folder / ".build" / "package" / "wheels")
    python = installed(folder)
    done = subprocess.run([str(python), "app.py"], cwd=folder, env=without_aws(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _run(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "uv", "--quiet", "--no-config", *arguments], check=True)
