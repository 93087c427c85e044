"""`python -m tools.uv_with_pip_settings pip …`: runs uv with the package index that pip is configured for.

uv reads neither pip.conf nor PIP_INDEX_URL. Many companies have a mirror, and with this nobody has to configure it twice. uv's
own settings come first. The Python in whose environment uv is installed runs this.

Only those of pip's settings count that replace PyPI: every package that is installed this way is on PyPI, with a locked hash.
"""

import os
import subprocess
import sys
from pathlib import Path

# This Python has uv, and not the package in lambda/, of which these functions need nothing else.
sys.path.append(str(Path(__file__).resolve().parents[1] / "lambda"))

from training_events.reproduction.launch.pip_settings import options, pip_settings, variables


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
