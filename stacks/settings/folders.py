"""Where the files are that are no modules: those that come with the stack, and those of the app that declares it.

In the repository both are in the repository's folder. The library that pip installs has the first inside of it, where its
wheel puts them (pyproject.toml), and the app is in the folder in which cdktf runs it.
"""

from pathlib import Path

_INSIDE = Path(__file__).parents[1] / "sources"
_REPOSITORY = Path(__file__).resolve().parents[2]

IS_INSTALLED = _INSIDE.is_dir()
SOURCES = _INSIDE if IS_INSTALLED else _REPOSITORY
"""`lambda/` and `examples/`: what the functions and the notebook get."""
APP = Path.cwd() if IS_INSTALLED else _REPOSITORY
"""`environments/` and `training/recipes/`, and `.build/` for what is built."""
