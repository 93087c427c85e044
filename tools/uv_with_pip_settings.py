"""`python -m tools.uv_with_pip_settings pip …`: runs uv with the package index that pip is configured for.

uv reads neither pip.conf nor PIP_INDEX_URL. Many companies have a mirror, and with this nobody has to configure it twice. uv's
own settings come first. The Python in whose environment uv is installed runs this.

Only those of pip's settings count that replace PyPI: every package that is installed this way is on PyPI, with a locked hash.
"""

import ast
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

_VARIABLES = {
    "index-url": "UV_INDEX_URL",  # not UV_DEFAULT_INDEX: if somebody has set that, it comes first
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
}
"""https://docs.astral.sh/uv/reference/environment/"""


def pip_settings(listed: str) -> dict[str, str]:
    """The settings that `pip config list` prints. A variable overrides a file, and `install.` overrides `global.`."""
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
    """The options of uv for a machine with a folder of wheels instead of an index."""
    if "no-index" not in settings:
        return []
    return ["--no-index", *(f"--find-links={folder}" for folder in settings.get("find-links", "").split())]


def main(arguments: list[str]) -> int:
    """Replace this process by uv. Returns only if that is not possible."""
    bin_folder = Path(sys.executable).parent
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False).stdout
    settings = pip_settings(listed)
    try:
        os.execve(bin_folder / "uv", ["uv", *arguments, *options(settings)], variables(settings) | os.environ)  # noqa: S606 - to replace this process is the purpose
    except OSError as error:
        print(f"error: {bin_folder / 'uv'}: {error.strerror}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
