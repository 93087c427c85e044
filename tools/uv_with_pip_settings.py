"""`python -m tools.uv_with_pip_settings pip …`: runs uv with the package index that pip is configured for.

uv reads neither pip.conf nor PIP_INDEX_URL. Whoever has a mirror there, as many companies do, need not configure it twice. What
is configured for uv itself goes first. Run by the Python beside which uv is installed.

Of pip's settings, only those count that stand in for PyPI: every package that is installed this way is on PyPI, and its hash is
locked.
"""

import ast
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

_VARIABLES = {
    "index-url": "UV_INDEX_URL",  # not UV_DEFAULT_INDEX, which goes before it where somebody has set that
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
}
"""https://docs.astral.sh/uv/reference/environment/"""


def pip_settings(listed: str) -> dict[str, str]:
    """What `pip config list` lists. A variable overrides a file, and a setting of `pip install` one of every command."""
    settings: dict[str, str] = {}
    lines = [line.partition("=") for line in listed.splitlines()]
    for section in ("global.", "install.", ":env:."):
        settings |= {
            key.removeprefix(section): str(ast.literal_eval(value)) for key, _, value in lines if key.startswith(section)
        }
    return settings


def variables(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment variables of uv for these settings."""
    return {_VARIABLES[key]: value for key, value in settings.items() if key in _VARIABLES}


def options(settings: Mapping[str, str]) -> list[str]:
    """The options of uv for a machine that has a folder of wheels in place of an index."""
    if "no-index" not in settings:
        return []
    return ["--no-index", *(f"--find-links={place}" for place in settings.get("find-links", "").split())]


def main(arguments: list[str]) -> int:
    """Become uv. Returns only where that cannot be done."""
    bin_folder = Path(sys.executable).parent
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False).stdout
    settings = pip_settings(listed)
    try:
        os.execve(bin_folder / "uv", ["uv", *arguments, *options(settings)], variables(settings) | os.environ)  # noqa: S606 - becoming uv is the purpose
    except OSError as error:
        print(f"error: {bin_folder / 'uv'}: {error.strerror}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
