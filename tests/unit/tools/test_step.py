"""A step of set-up shows that it goes on, keeps all that its command prints, and leaves nothing running."""

import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.patience import until


def step(log: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run by an interpreter that sees no installed package, as on a fresh machine."""
    arguments = [sys.executable, "-S", "-m", "tools.step", str(log), "making tea", *command]
    return subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_step_says_when_it_begins_and_ends_and_keeps_the_output(tmp_path: Path) -> None:
    done = step(tmp_path / "logs" / "tea.log", "sh", "-c", "echo water; echo leaves >&2")
    assert (done.returncode, done.stdout) == (0, "")
    first, *_, last = done.stderr.splitlines()  # on a slow machine with progress between them
    assert first == "making tea …"
    assert re.fullmatch(r"making tea: done in \d+ s", last)
    assert (tmp_path / "logs" / "tea.log").read_text() == "water\nleaves\n"


def test_a_step_that_fails_shows_the_end_of_the_output_and_where_the_rest_is(tmp_path: Path) -> None:
    log = tmp_path / "tea.log"
    done = step(log, "sh", "-c", "seq 20; printf 'w%.0s' $(seq 500); exit 3")
    *_, last = lines = done.stderr.splitlines()
    assert [line for line in lines if line.startswith(" ")] == [*(f"  {number}" for number in range(16, 21)), f"  {'w' * 200}"]
    assert re.fullmatch(rf"error: making tea: failed after \d+ s; the whole output is in {log}", last)
    assert done.returncode == 1


def test_a_command_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    done = step(tmp_path / "tea.log", "/no/such/command")
    assert done.returncode == 1
    assert done.stderr.splitlines()[1:] == ["error: making tea: [Errno 2] No such file or directory: '/no/such/command'"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 128 + signal.SIGTERM)])
def test_a_step_that_is_interrupted_ends_with_all_that_it_started(tmp_path: Path, number: int, code: int) -> None:
    child = tmp_path / "child"
    script = f"trap '' INT TERM; sleep 300 & echo $! > {child}.new; mv {child}.new {child}; wait"
    arguments = [sys.executable, "-m", "tools.step", str(tmp_path / "log"), "making tea", "bash", "-c", script]
    process = subprocess.Popen(arguments, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    until(child.exists)
    process.send_signal(number)
    assert process.communicate()[1].endswith("making tea: interrupted\n")
    assert process.returncode == code
    until(lambda: not alive(child.read_text().strip()))


def alive(pid: str) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")


def test_a_terminal_shows_one_line_that_moves_with_what_was_printed_last(tmp_path: Path) -> None:
    """The command goes on until the terminal has shown what it printed."""
    seen = tmp_path / "seen"
    main, terminal = pty.openpty()
    script = f"echo 'adding milk'; until [ -e {seen} ]; do sleep 0.05; done"
    arguments = [sys.executable, "-m", "tools.step", str(tmp_path / "log"), "making tea", "sh", "-c", script]
    process = subprocess.Popen(arguments, cwd=ROOT, stderr=terminal, env={**os.environ, "COLUMNS": "100"})
    os.close(terminal)
    shown = b""
    while b"adding milk" not in shown:
        shown += os.read(main, 1000)
    seen.touch()
    while not shown.endswith(b"s\r\n"):
        shown += os.read(main, 1000)
    assert process.wait() == 0  # a terminal that is gone while a line is written to it is an error
    os.close(main)
    assert re.match(rb"\r\x1b\[Kmaking tea: \d+ s", shown)
    assert b"\n" not in shown[:-1]
    assert b"\r\x1b[Kmaking tea: done in " in shown
