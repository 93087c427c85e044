"""`python -m tools.step LOG TITLE COMMAND…`: runs one step of set-up and shows how long it takes.

On a terminal it updates one line; without a terminal it prints a plain line every few seconds. The command's output goes to
the file LOG. If the command fails, the end of the output is shown. Set-up runs this with the machine's own Python, before
anything is installed, so it needs nothing but the standard library.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

PLAIN_LINE_SECONDS = 5
"""The time between two lines where there is no terminal."""
MAX_LINES, MAX_WIDTH = 6, 200
"""How much of the output of a failed command is shown: its last lines, and the first characters of each."""


def run(
    log: Path, title: str, command: list[str], folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> int:
    """Run the command, in this folder and environment or in the present ones, and return its exit code. Raises OSError if it
    cannot be started.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    if not sys.stderr.isatty():
        print(f"{title} …", file=sys.stderr, flush=True)
    # It gets a process group of its own, which is killed as a whole: npm would go on for seconds after Ctrl-C.
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT, process_group=0
        ) as process,
    ):
        try:
            _wait(process, log, title, started)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            _show(f"{title}: interrupted\n")
            raise
    took = f"{time.monotonic() - started:.0f} s"
    if process.returncode:
        _show("")
        for line in _lines(log)[-MAX_LINES:]:
            print(f"  {line[:MAX_WIDTH]}", file=sys.stderr)
        print(f"error: {title}: failed after {took}; the whole output is in {log}", file=sys.stderr)
    else:
        _show(f"{title}: done in {took}\n")
    return process.returncode


def _wait(process: subprocess.Popen[bytes], log: Path, title: str, started: float) -> None:
    plain_lines = 0
    while True:
        try:
            process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            seconds = int(time.monotonic() - started)
            if sys.stderr.isatty():
                latest = "".join(f", {line}" for line in _lines(log)[-1:])
                width = shutil.get_terminal_size().columns - 1  # a line that wraps cannot be overwritten
                _show(f"{title}: {seconds} s{latest}"[:width])
            elif seconds >= (plain_lines + 1) * PLAIN_LINE_SECONDS:
                plain_lines = seconds // PLAIN_LINE_SECONDS
                _show(f"{title}: {seconds} s\n")
        else:
            return


def _show(text: str) -> None:
    """Overwrite the line that is updated."""
    print(f"\r\x1b[K{text}" if sys.stderr.isatty() else text, end="", file=sys.stderr, flush=True)


def _lines(log: Path) -> list[str]:
    return [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]


def _end(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def main(arguments: list[str]) -> int:
    if len(arguments) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    log, title, *command = arguments
    signal.signal(signal.SIGTERM, _end)
    try:
        return 1 if run(Path(log), title, command) else 0
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        print(f"error: {title}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
