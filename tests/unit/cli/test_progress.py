"""The line that shows how far a command is: on terminals only, and never mixed with what is printed."""

import json
import os
import pty
import subprocess
import sys

import pytest

from tests.support.command_line import empty_store, make_event, record_events, run_cli
from tests.support.environment import without_aws
from tests.support.patience import PATIENCE_SECONDS

CLI = [sys.executable, "-c", "from training_events import cli; cli.main()"]
LATE = """
import sys
from training_events.cli.progress import progress_after
with progress_after(float(sys.argv[1])) as show:
    show("seven of nine", 7 / 9)
"""


def on_a_terminal(arguments, out, program=CLI):
    """The exit code, and what a terminal shows of standard error. With no `out`, standard output goes to the terminal too."""
    primary, secondary = pty.openpty()
    environment = without_aws(TERM="xterm", COLUMNS="100")
    with subprocess.Popen([*program, *arguments], stdout=out or secondary, stderr=secondary, env=environment) as process:
        os.close(secondary)
        shown = b""
        try:
            while more := os.read(primary, 65536):
                shown += more
        except OSError:  # what Linux answers when no process has the terminal any more
            pass
        process.wait(PATIENCE_SECONDS)
    os.close(primary)
    return process.returncode, shown.decode()


@pytest.mark.parametrize("arguments", [["verify", "--all"], ["rebuild"]], ids=" ".join)
def test_on_a_terminal_a_line_shows_progress_and_goes_away(tmp_path, arguments):
    with empty_store("sqlite", tmp_path) as url:
        record_events(url, [make_event("run/a", "Happened"), make_event("run/b", "TrainingCompleted")])
    arguments = [*arguments, "--log", url]
    with (tmp_path / "out").open("wb") as out:
        code, shown = on_a_terminal([*arguments, "--json"], out)
    assert code == 0
    json.loads((tmp_path / "out").read_text())
    assert "\x1b[?25l" in shown, "a line that moves"
    assert shown.rstrip().endswith(("\x1b[2K", "\x1b[?25h")), "and is gone at the end"
    code, shown = on_a_terminal(arguments, None)
    assert code == 0
    assert "run/a" in shown or "streams folded" in shown


@pytest.mark.parametrize("arguments", [["verify", "--all"], ["rebuild"]], ids=" ".join)
def test_without_a_terminal_nothing_moves_and_nothing_is_coloured(tmp_path, capsys, monkeypatch, arguments):
    monkeypatch.setenv("FORCE_COLOR", "1")
    with empty_store("sqlite", tmp_path) as url:
        record_events(url, [make_event("run/a", "Happened")])
        code, out, err = run_cli(capsys, *arguments, "--log", url)
    assert (code, err) == (0, "")
    assert "\x1b" not in out


@pytest.mark.parametrize(("seconds", "expected"), [("0", True), ("3600", False)], ids=["long", "short"])
def test_only_work_that_takes_its_time_shows_the_line(seconds, expected):
    code, shown = on_a_terminal([seconds], None, program=[sys.executable, "-c", LATE])
    assert (code, "seven of nine" in shown) == (0, expected)
