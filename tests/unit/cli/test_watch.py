"""`watch`: a run until it ends, in a pipe, as JSON and on terminals of any size, whatever the run is called."""

import fcntl
import io
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from contextlib import contextmanager
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console
from training_events import folds
from training_events.cli.run_screen import RunScreen
from training_events.folds.run_state import RunState
from training_events.reading.pace import Pace

from tests.support.command_line import empty_store, make_event, parse_document, record_events, run_cli
from tests.support.dynamodb import TABLE
from tests.support.environment import without_aws
from tests.support.fakes import InMemoryLog
from tests.support.patience import PATIENCE_SECONDS

on_both = pytest.mark.parametrize("kind", ["sqlite", "dynamodb"])
WATCH = [sys.executable, "-c", "from training_events import cli; cli.main()", "watch"]
LEAVE_SCREEN, SHOW_CURSOR = "\x1b[?1049l", "\x1b[?25h"
HOSTILE = ["</script>\x1b[31m", "x" * 2000, "دقت", "🔥" * 30, "[bold]loss[/bold]"]


def points(second, **values):
    batch = [{"name": name, "value": value, "step": second} for name, value in values.items()]
    return make_event("run/a", "MetricsRecorded", second, points=batch)


def a_run(*ending):
    saved = make_event("run/a", "CheckpointSaved", 21, step=20, uri="file:///m.pt", version_id="1", sha256="ab", bytes=1)
    return [
        make_event("run/a", "TrainingStarted", 0, model="digits"),
        points(10, loss=2.0),
        points(20, loss=0.5),
        saved,
        *ending,
    ]


COMPLETED = make_event("run/a", "TrainingCompleted", 30)
FAILED = make_event("run/a", "TrainingFailed", 30, error="RuntimeError: out of memory\nat step 20")
STOPPED = make_event("run/a", "TrainingStopped", 30, reason="too slow")


@on_both
def test_a_run_that_has_completed_is_one_line_of_how_far_it_got(tmp_path, capsys, kind):
    with empty_store(kind, tmp_path) as url:
        record_events(url, a_run(COMPLETED))
        code, out, _ = run_cli(capsys, "watch", "a", "--log", url)
    assert code == 0
    [line] = out.splitlines()
    assert line.partition("  ")[2] == "completed  step 20 (1 a second), 2 points (6 a minute)  loss 0.5  checkpoints: 1"


@on_both
@pytest.mark.parametrize(
    ("end", "why"), [(FAILED, "run/a has failed: RuntimeError: out of memory"), (STOPPED, "run/a was stopped: too slow")]
)
def test_another_end_than_a_completed_one_is_exit_code_1_and_says_why(tmp_path, capsys, kind, end, why):
    with empty_store(kind, tmp_path) as url:
        record_events(url, a_run(end))
        code, _, err = run_cli(capsys, "watch", "run/a", "--log", url)
    assert (code, err) == (1, f"training-events: {why}\n")


def test_a_training_that_was_refused_has_ended_and_says_why(tmp_path, capsys):
    refused: dict[str, Any] = {"reason": "paused", "explanation": "by ada: a holiday"}
    with empty_store("sqlite", tmp_path) as url:
        record_events(url, [make_event("run/a", "TrainingRequested", 1), make_event("run/a", "TrainingRefused", 2, **refused)])
        code, out, err = run_cli(capsys, "watch", "run/a", "--log", url)
    assert (code, err) == (1, "training-events: run/a was refused: paused: by ada: a holiday\n")
    assert out.endswith("refused\n")


def test_json_is_one_document_with_the_state_at_the_end(tmp_path, capsys):
    with empty_store("sqlite", tmp_path) as url:
        record_events(url, a_run(FAILED))
        code, out, _ = run_cli(capsys, "watch", "a", "--log", url, "--json")
    document = parse_document("watch", out)
    assert (code, document["status"], document["metrics"]["loss"]["best"]["value"]) == (1, "failed", 0.5)


@pytest.mark.parametrize(
    ("name", "message"),
    [("b", "the log has no event of run/b"), ("model/a", "'model/a' is no run: watch takes a run's id, or run/<id>")],
)
def test_what_is_no_run_is_the_callers_mistake(tmp_path, capsys, name, message):
    with empty_store("sqlite", tmp_path) as url:
        record_events(url, a_run())
        code, out, err = run_cli(capsys, "watch", name, "--log", url)
    assert (code, out) == (2, "")
    assert message in err


@pytest.mark.parametrize(("kind", "exit_code"), [("sqlite", 2), ("dynamodb", 1)])
def test_a_log_that_does_not_exist_is_one_line(tmp_path, capsys, kind, exit_code):
    with empty_store(kind, tmp_path) as url:
        code, out, _ = run_cli(capsys, "watch", "a", "--log", url.replace(TABLE, "other"))
    assert (code, out) == (exit_code, "")


def test_a_metric_of_which_a_later_attempt_took_points_back_is_told_in_full_at_the_end(tmp_path, capsys):
    again = [make_event("run/a", "TrainingStarted", 40), points(41, loss=3.0), points(45, loss=4.0)]
    lower = make_event("run/a", "MetricsRecorded", 46, points=[{"name": "loss", "value": 3.5, "step": 15}])
    with empty_store("sqlite", tmp_path) as url:
        record_events(url, [*a_run(), *again, lower, make_event("run/a", "TrainingCompleted", 50)])
        _, out, _ = run_cli(capsys, "watch", "a", "--log", url, "--json")
    assert parse_document("watch", out)["metrics"]["loss"]["best"]["value"] == 2.0


# ---- while it runs


@contextmanager
def watching(*arguments, **pipes):
    environment = without_aws(TERM="xterm")
    environment.pop("COLUMNS", None)  # it would count for more than the terminal's own width
    with subprocess.Popen([*WATCH, *arguments], env=environment, text=True, **pipes) as process:
        try:
            yield process
            process.wait(PATIENCE_SECONDS)
        finally:
            process.kill()


def test_it_waits_for_a_run_that_is_not_there_yet_tells_each_change_and_leaves_when_it_ends(tmp_path):
    url = f"sqlite:///{tmp_path}/log.db"
    with watching("a", "--wait", "--log", url, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == "waiting for the first event of run/a\n"
        for event, expected in [
            (make_event("run/a", "TrainingStarted", 0), ("running", [])),
            (points(10, loss=2.0), ("running", ["step 10, 1 point", "loss 2"])),
            (points(20, loss=0.5), ("running", ["step 20 (1 a second), 2 points (6 a minute)", "loss 0.5"])),
            (COMPLETED, ("completed", ["step 20 (1 a second), 2 points (6 a minute)", "loss 0.5"])),
        ]:
            record_events(url, [event])
            status, *rest = process.stdout.readline().rstrip().split("  ")[1:]
            assert (status.partition(", silent")[0], rest) == expected
        assert process.stdout.read() == ""
    assert process.returncode == 0


def resize(terminal, columns, rows=24):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def screen_of(arguments, columns=80, when=None):
    """The exit code, and all that the terminal got. As soon as it has got a text, the function beside that is called."""
    primary, secondary = pty.openpty()
    resize(primary, columns)
    text, then = when or ("", None)
    with watching(*arguments, stdout=secondary, stderr=secondary, stdin=secondary) as process:
        os.close(secondary)
        shown = b""
        try:
            while more := os.read(primary, 65536):
                shown += more
                if then is not None and text.encode() in shown:
                    then(process, primary)
                    then = None
        except OSError:  # what Linux answers when no process has the terminal any more
            pass
    os.close(primary)
    return process.returncode, shown.decode(errors="replace")  # Ctrl-C may come in the middle of a letter


def last_screen(shown):
    """The lines that stay when the screen is left, without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", shown.rpartition(LEAVE_SCREEN)[2]).replace(SHOW_CURSOR, "").splitlines()


def many_metrics(names):
    values = [{"name": name, "value": number, "step": number} for name in names for number in range(3)]
    return make_event("run/a", "MetricsRecorded", 25, points=values)


RUNS = {
    "hostile": [*a_run(), many_metrics(HOSTILE), COMPLETED],
    "500 metrics": [*a_run(), many_metrics([f"metric_{number:03}" for number in range(500)]), COMPLETED],
    "no metric": [make_event("run/a", "TrainingStarted", 0), COMPLETED],
    "no step": [make_event("run/a", "MetricsRecorded", 1, points=[{"name": "loss", "value": "NaN"}]), COMPLETED],
    "long error": [*a_run(), make_event("run/a", "TrainingFailed", 30, error="\x1b[31m" + "long " * 400)],
}


def drawn(events, columns, rows=24):
    """The screen, as it is on a terminal of this size."""
    log = InMemoryLog()
    for event in events:
        log.append(event)
    state = folds.fold(folds.empty("run/a"), log.entries("run/a"))
    assert isinstance(state, RunState)
    screen = io.StringIO()
    console = Console(file=screen, width=columns, height=rows, color_system=None, highlight=False)
    console.print(RunScreen(state, Pace().rates(state)))
    return screen.getvalue().splitlines()


@pytest.mark.parametrize(("columns", "rows"), [(60, 24), (80, 24), (160, 50), (20, 10)])
@pytest.mark.parametrize("events", RUNS.values(), ids=RUNS)
def test_a_screen_fits_its_terminal_whatever_the_run_recorded(events, columns, rows):
    screen = drawn(events, columns, rows)
    assert screen[0].strip() == "run/a"
    assert screen[1].startswith("failed" if events[-1].type == "TrainingFailed" else "completed")
    assert len(screen) <= rows
    assert max(map(cell_len, screen)) <= columns
    assert all(line.isprintable() for line in screen)


@pytest.mark.parametrize("events", [RUNS["hostile"], RUNS["long error"]], ids=["hostile", "long error"])
def test_what_was_shown_last_stays_on_the_terminal(tmp_path, events):
    url = f"sqlite:///{tmp_path}/log.db"
    record_events(url, events)
    code, shown = screen_of(["a", "--log", url])
    screen = last_screen(shown)
    if events[-1].type == "TrainingFailed":
        assert screen.pop().startswith("training-events: run/a has failed: ")
    assert code == int(events[-1].type == "TrainingFailed")
    assert [line.rstrip() for line in screen if " ago" not in line] == [
        line.rstrip() for line in drawn(events, 80) if " ago" not in line
    ]


def test_metrics_that_have_no_room_are_counted():
    screen = drawn(RUNS["500 metrics"], 80)
    [shown] = [line for line in screen if "more metrics" in line]
    listed = sum(re.match(r"(metric_\d+|loss) +\d", line) is not None for line in screen)
    assert shown == f"and {501 - listed} more metrics: training-events show run/a"


def test_ctrl_c_leaves_the_screen_as_it_was(tmp_path):
    url = f"sqlite:///{tmp_path}/log.db"
    record_events(url, a_run())
    press = "step 20", lambda process, _: process.send_signal(signal.SIGINT)
    code, shown = screen_of(["a", "--log", url], when=press)
    assert code == 130
    assert shown.endswith((LEAVE_SCREEN + SHOW_CURSOR, SHOW_CURSOR + LEAVE_SCREEN))


def test_a_terminal_that_has_become_narrower_gets_lines_that_fit(tmp_path):
    url = f"sqlite:///{tmp_path}/log.db"
    record_events(url, [*a_run(), many_metrics(HOSTILE)])

    def go_on(_, terminal):
        resize(terminal, 60)
        record_events(url, [COMPLETED])

    code, shown = screen_of(["a", "--log", url], 160, when=("step 20", go_on))
    assert code == 0
    assert max(map(cell_len, last_screen(shown))) <= 60
