"""What people see: tables that fit their terminal, nothing that a terminal would obey, and progress on terminals only."""

import io
import json
import os
import pty
import re
import subprocess
import sys
from contextlib import redirect_stdout

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from training_events.cli.output import duration, printable, to_json
from training_events.cli.table import print_fields, print_rows
from training_events.recorder.delivery.destination import configured_destination
from training_events.recorder.delivery.spool import Spool
from training_events.settings import Settings
from training_events.stores.opening import open_event_log

from tests.support.command_line import empty_store, make_event, parse_document, read_models, record_events, run_cli
from tests.support.environment import without_aws
from tests.support.patience import PATIENCE_SECONDS
from tests.support.strategies import loose_text

LONG = "run/a-very-long-training-job-name-2026-11-22-15-08-39-955123-eu-central-1-digits"
ROWS = [("run/a", "completed", "loss 0.5"), (LONG, "failed", "loss " + "0.123456789 " * 20)]
TITLES, WIDTHS = ("run", "status", "metrics"), (64, 9)


@pytest.fixture
def terminal(monkeypatch):
    """Standard output is a terminal of so many columns."""

    def of(columns):
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        monkeypatch.setenv("COLUMNS", str(columns))

    return of


class Terminal(io.StringIO):
    def isatty(self):
        return True


def without_bold(text):
    return re.sub(r"\x1b\[[01]m", "", text)


def lines(capsys):
    return without_bold(capsys.readouterr().out).splitlines()


def test_into_a_pipe_everything_goes_whole(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("FORCE_COLOR", "1")
    print_rows(TITLES, WIDTHS, ROWS)
    assert [line.split("  ")[0] for line in lines(capsys)] == ["run", "run/a", LONG]
    print_rows(TITLES, WIDTHS, ROWS, look_ahead=100)
    told = lines(capsys)
    assert len({line.index(cell) for line, cell in zip(told, ["status", "completed", "failed"], strict=True)}) == 1
    assert told[2].endswith(ROWS[1][2].rstrip())


@pytest.mark.parametrize("look_ahead", [1, 100])
@pytest.mark.parametrize("columns", [60, 80, 200])
def test_on_a_terminal_a_table_is_as_wide_as_that(capsys, terminal, columns, look_ahead):
    terminal(columns)
    print_rows(TITLES, WIDTHS, ROWS, look_ahead)
    told = lines(capsys)
    assert max(map(cell_len, told)) == columns
    assert len({line.index(cell) for line, cell in zip(told, ["status", "completed", "failed"], strict=True)}) == 1
    assert told[2].startswith("run/a-very")
    assert "digits  failed" in told[2], "both ends of a long name are told"
    assert (LONG in told[2]) is False


@given(st.lists(st.tuples(loose_text, loose_text, loose_text), max_size=4), st.integers(40, 120))
def test_any_text_stays_in_its_place(rows, columns):
    with redirect_stdout(Terminal()) as shown, pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("COLUMNS", str(columns))
        print_rows(TITLES, (30, 9), rows)
    told = without_bold(shown.getvalue()).splitlines()
    assert len(told) == 1 + len(rows)
    for line in told:
        assert line.isprintable()
        assert cell_len(line) <= columns


@given(loose_text)
def test_what_a_terminal_would_obey_is_escaped(text):
    assert printable(text).isprintable()
    assert to_json(text).isprintable()
    assert json.loads(to_json({text: [text]})) == {text: [text]}


def test_fields_of_several_lines(capsys):
    print_fields({"error": "a\n\tb\x1b[2J", "seen": None, "a\x9bb": {"c": "\x9b"}})
    assert lines(capsys) == ["error   a", "         b\\x1b[2J", 'a\\x9bb  {"c":"\\u009b"}']


DURATIONS = {None: "-", 0.04: "0.0 s", 59.94: "59.9 s", 60: "1 min 0 s", 3599.6: "1 h 0 min", 90061: "25 h 1 min"}


@pytest.mark.parametrize("seconds", DURATIONS)
def test_durations(seconds):
    assert duration(seconds) == DURATIONS[seconds]


# ---- standard error a terminal, standard output a file


CLI = [sys.executable, "-c", "from training_events import cli; cli.main()"]


def on_a_terminal(arguments, out):
    """What a terminal shows of standard error while standard output goes elsewhere; on the terminal too if that is None."""
    primary, secondary = pty.openpty()
    environment = without_aws(TERM="xterm", COLUMNS="100")
    with subprocess.Popen([*CLI, *arguments], stdout=out or secondary, stderr=secondary, env=environment) as process:
        os.close(secondary)
        shown = b""
        try:
            while more := os.read(primary, 65536):
                shown += more
        except OSError:  # how Linux says that nobody has the terminal any more
            pass
        process.wait(PATIENCE_SECONDS)
    os.close(primary)
    return process.returncode, shown.decode()


@pytest.mark.parametrize("arguments", [["verify", "--all"], ["rebuild"]], ids=" ".join)
def test_progress_is_for_terminals_and_never_mixed_with_what_is_printed(tmp_path, arguments):
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
    piped = subprocess.run([*CLI, *arguments], capture_output=True, env=without_aws(FORCE_COLOR="1"), check=False)
    assert piped.stderr == b""
    assert b"\x1b" not in piped.stdout


# ---- what the commands show


@pytest.fixture
def log(tmp_path, monkeypatch):
    with empty_store("sqlite", tmp_path) as url:
        monkeypatch.setenv("TRAINING_EVENTS_LOG", url)
        yield url


def table(capsys, *arguments, code=0):
    """The cells of each line."""
    exit_code, out, _ = run_cli(capsys, *arguments)
    assert exit_code == code
    return [re.split(r" {2,}", line) for line in out.splitlines()]


def test_runs_and_their_filters(log, capsys):
    nan = [{"name": "f1", "value": "NaN"}, {"name": "loss", "value": 0.25}, {"name": "loss", "value": 0.5}]
    record_events(
        log,
        [
            make_event("run/a", "TrainingStarted", 1, model="digits"),
            make_event("run/a", "MetricsRecorded", 2, points=nan),
            make_event("run/a", "TrainingCompleted", 9),
            make_event("run/b", "TrainingStarted", 3, model="other"),
            make_event("run/c", "TrainingFailed", 4),
        ],
    )
    titles, c, b, a = table(capsys, "runs")
    assert titles == ["run", "status", "model", "started (UTC)", "took", "metrics"]
    assert a == ["run/a", "completed", "digits", "2026-11-22 15:08", "8.0 s", "f1 NaN, loss 0.25"]
    assert (b[:3], c[:3]) == (["run/b", "running", "other"], ["run/c", "failed", "-"])

    def named(*options):
        return [row[0] for row in table(capsys, "runs", *options)[1:]]

    assert named("--status", "failed") == ["run/c"]
    assert named("--model", "digits") == ["run/a"]
    assert named("--since", "2026-11-22T15:08:03") == ["run/c", "run/b"]
    assert named("--limit", "1") == ["run/c"]
    assert named("--status", "stopped") == []


def test_a_summary_of_another_version_says_what_to_do(log, capsys):
    record_events(log, [make_event("run/a", "Happened")])
    run_cli(capsys, "runs")  # now nothing waits to be projected
    read_models(log).put("run/a", b"{}", summary=b"{}", first_at="", replaces=1)
    code, out, err = run_cli(capsys, "runs")
    assert (code, out) == (1, "")
    assert "`training-events rebuild` renews it" in err


def test_a_run(log, capsys):
    record_events(
        log,
        [
            make_event("run/a", "TrainingStarted", 1, model="digits", seeds=7),
            make_event("run/a", "MetricsRecorded", 2, points=[{"name": "loss", "step": 3, "value": 0.5}]),
            make_event("run/a", "CheckpointSaved", 3, uri="s3://b/c", step=3),
            make_event("run/a", "Strange", 4),
            make_event("run/a", "TrainingFailed", 5, error="out of memory", traceback="Traceback\n  \x9b31m"),
        ],
    )
    told = table(capsys, "show", "run/a")
    assert ["events", "5 (1 unknown)"] in told
    assert ["model", "digits"] in told
    assert ["took", "4.0 s"] in told
    assert ["seeds", "7"] in told
    assert ["last checkpoint", "s3://b/c (step 3, 1 in all)"] in told
    assert told[-4:] == [
        ["", "\\x9b31m"],
        [""],
        ["metric", "points", "first", "last", "min", "max", "best"],
        ["loss", "1", *["0.5 @ 3"] * 5],
    ]
    then = table(capsys, "show", "run/a", "--as-of", "2026-11-22T15:08:01")
    assert ["status", "running"] in then
    assert ["as of", "2026-11-22T15:08:01.000000Z"] in then
    assert not [row for row in then if row[0] == "metric"], "no table without rows"


def test_what_a_run_was_made_from_and_its_curves(log, capsys):
    points = [{"name": "loss", "step": step, "value": "NaN" if step == 5 else 8 - step} for step in range(8)]
    spec = {"code": {"commit": "9a76"}, "datasets": [{"uri": "s3://b/d", "sha256": "f" * 64}], "packages": {"numpy": "2.1.3"}}
    record_events(
        log, [make_event("run/a", "TrainingStarted", 1, **spec), make_event("run/a", "MetricsRecorded", 2, points=points)]
    )
    told = table(capsys, "show", "run/a")
    assert [row for row in told if row[-1] in {"9a76", "s3://b/d", "f" * 64, "numpy 2.1.3"}] == [
        ["code", "commit", "9a76"],
        ["datasets", "s3://b/d"],
        ["", "sha256", "f" * 64],
        ["packages", "numpy 2.1.3"],
    ]
    assert told[-2:] == [["metric", "steps", "curve"], ["loss", "0 to 7", "█▇▆▅▄N▂▁", "1 of 8 not finite"]]


def test_a_model_and_a_dataset(log, capsys):
    record_events(
        log,
        [
            make_event("model/m", "ModelRegistered", 1, version=3, run="run/a"),
            make_event("model/m", "ModelPromoted", 2, version=3, stage="production", promoted_by="ada"),
            make_event("dataset/d", "DatasetRegistered", 1, uri="s3://b/d", sha256="f" * 64, rows=9),
        ],
    )
    told = table(capsys, "show", "model/m")
    assert ["3", "production", "2026-11-22T15:08:01Z", "-", "-", "run/a"] in told
    assert ["2026-11-22T15:08:02Z", "3", "production", "ada"] in told
    assert table(capsys, "show", "dataset/d")[-1] == ["2026-11-22T15:08:01Z", "-", "9", "f" * 64, "-", "s3://b/d"]


def test_verify_one_stream_in_full(log, capsys):
    record_events(log, [make_event("run/a", "TrainingCompleted", second) for second in range(3)])
    assert ["sealed", "0 events, by 0 seal(s)"] in table(capsys, "verify", "run/a"), "verifying seals nothing"
    run_cli(capsys, "show", "run/a")
    told = dict(table(capsys, "verify", "run/a"))
    assert told.items() >= {"verdict": "sound", "events": "3", "sealed": "3 events, by 1 seal(s)"}.items()
    assert told["root"].startswith("sha256:")


def test_verify_all_of_nothing(tmp_path, capsys):
    with empty_store("dynamodb", tmp_path) as url:
        code, out, _ = run_cli(capsys, "verify", "--all", "--log", url)
        assert (code, out.splitlines()[1:]) == (0, ["the log holds no stream yet"])
        _, out, _ = run_cli(capsys, "verify", "--all", "--json", "--log", url)
        assert parse_document("verify", out) == {"streams": [], "sound": True, "complete": True}


def test_rebuild_tells_each_change(log, capsys):
    record_events(log, [make_event("run/a", "Happened")])
    run_cli(capsys, "runs")  # now nothing waits to be projected
    read_models(log).remove("run/a", replaces=1)
    assert run_cli(capsys, "rebuild", "--dry-run")[1].splitlines() == [
        "run/a: would be new",
        "1 streams folded from 1 events; would change: 1",
    ]
    assert read_models(log).get("run/a") is None, "nothing is written"
    assert run_cli(capsys, "rebuild")[1].splitlines() == ["run/a: new", "1 streams folded from 1 events; changed: 1"]
    assert run_cli(capsys, "rebuild")[1] == "1 streams folded from 1 events; changed: 0\n"


def test_rehearsed_on_a_laptop_a_rebuild_leaves_what_waits(tmp_path, capsys):
    with empty_store("sqlite", tmp_path) as url:
        open_event_log(url).append(make_event("run/a", "Happened"))
        assert run_cli(capsys, "rebuild", "--dry-run", "--log", url)[1].splitlines()[0] == "run/a: would be new"
        assert read_models(url).get("run/a") is None


def test_flush_says_what_waits_before_it_sends_it(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("TRAINING_EVENTS_SPOOL", str(tmp_path / "spool"))
    monkeypatch.setenv("TRAINING_EVENTS_LOG", f"sqlite:///{tmp_path}/log.db")
    monkeypatch.delenv("TRAINING_EVENTS_BUS", raising=False)
    assert run_cli(capsys, "flush", "--dry-run")[1] == "nothing waits\n"
    spool = Spool(tmp_path / "spool", configured_destination(Settings()), "killed")
    spool.append(b"{}")
    spool.close()
    [line] = run_cli(capsys, "flush", "--dry-run")[1].splitlines()
    assert " bytes wait for " in line
