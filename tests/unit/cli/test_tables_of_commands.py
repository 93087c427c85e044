"""What the commands show to people."""

import itertools
import json
import re
import sqlite3
from typing import Any

import pytest
from training_events import times
from training_events.event import Producer
from training_events.recorder.delivery.destination import configured_destination
from training_events.recorder.delivery.spool import Spool
from training_events.settings import Settings
from training_events.stores.opening import open_event_log

from tests.support.command_line import empty_store, make_event, parse_document, read_models, record_events, run_cli


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


def test_runs_and_their_filters(log, capsys, monkeypatch):
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
    monkeypatch.setattr(times, "now", lambda: "2026-11-22T15:09:00.000000Z")
    titles, c, b, a = table(capsys, "runs")
    assert titles == ["run", "status", "model", "started (UTC)", "took", "loss", "f1"]
    assert a == ["run/a", "completed", "digits", "2026-11-22 15:08", "8.0 s", "0.25", "NaN"]
    assert (b[:3], c[:3]) == (["run/b", "running", "other"], ["run/c", "failed", "-"])

    def named(*options):
        return [row[0] for row in table(capsys, "runs", *options)[1:]]

    assert named("--status", "failed") == ["run/c"]
    assert named("--model", "digits") == ["run/a"]
    assert named("--since", "2026-11-22T15:08:03") == ["run/c", "run/b"]
    assert named("--limit", "1") == ["run/c"]
    assert named("--status", "stopped") == []


@pytest.mark.parametrize(
    ("gap_seconds", "at", "told"),
    [
        (1, "2026-11-22T15:17:00", "running"),  # 8 minutes after its last event: an evaluation takes that long
        (1, "2026-11-22T18:08:03", "running, silent for 3 h"),
        (25, "2026-11-22T15:20:00", "running, silent for 11 min"),
        (1, "2026-11-22T15:00:00", "running"),  # its clock is ahead
    ],
)
@pytest.mark.usefixtures("log")
def test_a_run_that_says_nothing_for_long_is_silent_and_no_more(capsys, monkeypatch, gap_seconds, at, told):
    log = Settings().log
    events = [make_event("run/a", "CheckpointSaved", 1 + number * gap_seconds, uri="s3://b/c") for number in (1, 2)]
    record_events(log, [make_event("run/a", "TrainingStarted", 1), *events])
    monkeypatch.setattr(times, "now", lambda: f"{at}.000000Z")
    assert table(capsys, "runs")[1][1] == told
    assert ["status", told] in table(capsys, "show", "run/a")
    listed = parse_document("runs", run_cli(capsys, "runs", "--json")[1])["runs"][0]
    for run in (listed, parse_document("show", run_cli(capsys, "show", "run/a", "--json")[1])):
        assert run["status"] == "running"
        assert (run["silent_seconds"] is None) == (told == "running")


def test_a_run_whose_events_are_hours_apart_is_not_silent_after_one_hour(log, capsys, monkeypatch):
    hourly = [make_event("run/a", "CheckpointSaved", 3600 * hour, uri="s3://b/c") for hour in range(1, 4)]
    record_events(log, [make_event("run/a", "TrainingStarted", 0), *hourly])
    for at, told in (("2026-11-22T22:08:00", "running"), ("2026-11-22T23:30:00", "running, silent for 5 h")):
        monkeypatch.setattr(times, "now", lambda at=at: f"{at}.000000Z")
        assert table(capsys, "runs")[1][1] == told


def test_silence_is_that_of_the_time_that_is_asked_for(log, capsys):
    record_events(log, [make_event("run/a", "TrainingStarted", 1), make_event("run/a", "TrainingCompleted", 9000)])
    assert ["status", "running, silent for 1 h"] in table(capsys, "show", "run/a", "--as-of", "2026-11-22T16:30:00")
    assert ["status", "completed"] in table(capsys, "show", "run/a")


def attempts(log, *values):
    """Each attempt is a dict of values by step. One event a second, by a producer for each attempt."""
    second = itertools.count(1)
    for number, points in enumerate(values):
        events = [make_event("run/a", "TrainingStarted", next(second), Producer(f"p{number}", 1), seeds=number)]
        for step, value in points.items():
            metric = [{"name": "loss", "step": step, "value": value}]
            events.append(make_event("run/a", "MetricsRecorded", next(second), Producer(f"p{number}", 2), points=metric))
        record_events(log, events)


def test_show_a_run_that_was_resumed(log, capsys):
    attempts(log, {step: 9 - step for step in range(8)}, {5: 3.5, 6: 0.5})
    rows = table(capsys, "show", "run/a")
    assert ["progress", "attempt 2, resumed at step 5"] in rows
    assert [row[:2] + row[-2:] for row in rows if row[:1] in (["1"], ["2"])] == [
        ["1", "superseded", "0", "-"],
        ["2", "running", "5", "seeds 0 → 1"],
    ]
    [loss] = [row for row in rows if row[0] == "loss" and len(row) > 3]
    assert loss == ["loss", "10", "9 @ 0", "0.5 @ 6", "0.5 @ 6", "9 @ 0", "0.5 @ 6"]
    assert not [row for row in rows if row[0] == "metrics"], "the state knows them"


def test_show_and_runs_read_the_log_where_the_state_does_not_know_the_best_value(log, capsys):
    attempts(log, {step: abs(step - 60) + 1 for step in range(100)}, {50: 30, 51: 29})
    rows = table(capsys, "show", "run/a")
    [loss] = [row for row in rows if row[0] == "loss" and len(row) > 3]
    assert (loss[4], loss[6]) == ("12 @ 49", "12 @ 49")
    assert next(row for row in rows if row[0] == "metrics")[1].startswith("from the log")
    assert table(capsys, "runs")[1][-1] == "12"
    [run] = parse_document("runs", run_cli(capsys, "runs", "--json")[1])["runs"]
    assert (run["metrics_known"], run["metrics"]["loss"]["best"]) == (False, 12)
    document = parse_document("show", run_cli(capsys, "show", "run/a", "--json")[1])
    assert (document["metrics_from_log"], document["metrics"]["loss"]["best"]["value"]) == (True, 12)


def test_the_error_for_a_summary_of_another_version_says_what_to_do(log, capsys):
    record_events(log, [make_event("run/a", "Happened")])
    run_cli(capsys, "runs")  # now every event is in a read model
    read_models(log).put("run/a", b"{}", summary=b"{}", first_at="", replaces=1)
    code, out, err = run_cli(capsys, "runs")
    assert (code, out) == (1, "")
    assert "`training-events rebuild` renews it" in err


def test_show_a_run(log, capsys):
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
    rows = table(capsys, "show", "run/a")
    assert ["events", "5 (1 unknown)"] in rows
    assert ["model", "digits"] in rows
    assert ["took", "4.0 s"] in rows
    assert ["seeds", "7"] in rows
    assert rows[:4] == [["stream", "run/a"], ["status", "failed"], ["error", "out of memory"], ["best", "loss 0.5 @ 3"]]
    assert ["last checkpoint", "s3://b/c (step 3, 1 in all)"] in rows
    metrics = rows.index([""])
    assert rows[metrics + 1 : metrics + 4] == [
        ["metric", "points", "first", "last", "min", "max", "best"],
        ["loss", "1", *["0.5 @ 3"] * 5],
        [""],
    ]
    assert ["", "\\x9b31m"] in rows
    past = table(capsys, "show", "run/a", "--as-of", "2026-11-22T15:08:01")
    assert ["status", "running"] in past
    assert ["as of", "2026-11-22T15:08:01.000000Z"] in past
    assert not [row for row in past if row[0] == "metric"], "no table without rows"


def test_show_what_a_run_was_made_from_and_its_sparklines(log, capsys):
    points = [{"name": "loss", "step": step, "value": "NaN" if step == 5 else 8 - step} for step in range(8)]
    spec: dict[str, Any] = {
        "code": {"commit": "9a76"},
        "datasets": [{"uri": "s3://b/d", "sha256": "f" * 64}],
        "packages": {"numpy": "2.1.3"},
    }
    record_events(
        log, [make_event("run/a", "TrainingStarted", 1, **spec), make_event("run/a", "MetricsRecorded", 2, points=points)]
    )
    rows = table(capsys, "show", "run/a", "--packages")
    assert [row for row in rows if row[-1] in {"9a76", "s3://b/d", "f" * 64, "numpy 2.1.3"}] == [
        ["code", "commit", "9a76"],
        ["datasets", "s3://b/d"],
        ["", "sha256", "f" * 64],
        ["packages", "numpy 2.1.3"],
    ]
    curves = rows.index(["metric", "steps", "curve"])
    assert rows[curves + 1] == ["loss", "0 to 7", "█▇▆▅▄N▂▁", "1 of 8 not finite"]
    assert ["packages", "1 (--packages lists them)"] in table(capsys, "show", "run/a")


def test_show_a_model_and_a_dataset(log, capsys):
    record_events(
        log,
        [
            make_event("model/m", "ModelRegistered", 1, version=3, run="run/a"),
            make_event("model/m", "ModelPromoted", 2, version=3, stage="production", promoted_by="ada"),
            make_event("dataset/d", "DatasetRegistered", 1, uri="s3://b/d", sha256="f" * 64, rows=9),
        ],
    )
    rows = table(capsys, "show", "model/m")
    assert ["3", "production", "2026-11-22T15:08:01Z", "-", "-", "run/a"] in rows
    assert ["2026-11-22T15:08:02Z", "3", "production", "ada"] in rows
    record_events(log, [make_event("model/m", "ModelRegistered", 3, version=3, run="run/b")])
    again = ["3 (registered 2 times)", "production", "2026-11-22T15:08:03Z", "-", "-", "run/b"]
    assert again in table(capsys, "show", "model/m"), "what serves production was replaced, and that is told"
    assert ["2026-11-22T15:08:01Z", "-", "9", "f" * 64, "-", "s3://b/d"] in table(capsys, "show", "dataset/d")


def test_verify_one_stream_in_full(log, capsys):
    record_events(log, [make_event("run/a", "TrainingCompleted", second) for second in range(3)])
    assert ["sealed", "0 events, by 0 seal(s)"] in table(capsys, "verify", "run/a"), "verifying seals nothing"
    run_cli(capsys, "show", "run/a")
    fields = dict(table(capsys, "verify", "run/a"))
    assert fields.items() >= {"verdict": "sound", "events": "3", "sealed": "3 events, by 1 seal(s)"}.items()
    assert fields["root"].startswith("sha256:")


def test_verify_all_of_nothing(tmp_path, capsys):
    with empty_store("dynamodb", tmp_path) as url:
        code, out, _ = run_cli(capsys, "verify", "--all", "--log", url)
        assert (code, out.splitlines()[1:]) == (0, ["the log holds no stream yet"])
        _, out, _ = run_cli(capsys, "verify", "--all", "--json", "--log", url)
        document = parse_document("verify", out)
        assert not document.pop("tree")["checked"]
        assert document == {"streams": [], "sound": True, "complete": True, "findings": [], "evidence": None}


def test_verify_all_names_a_stream_of_which_only_the_state_is_left(log, capsys):
    record_events(log, [make_event("model/m", "ModelRegistered", 1, version=1), make_event("run/a", "TrainingStarted")])
    run_cli(capsys, "runs")  # now every event is in a read model
    with sqlite3.connect(log.removeprefix("sqlite:///")) as file:
        file.executescript("DROP TRIGGER event_deleted; DELETE FROM events WHERE stream = 'model/m'; DELETE FROM seals;")
    code, out, _ = run_cli(capsys, "verify", "--all")
    assert code == 1
    assert re.search(r"^model/m +broken", out, re.MULTILINE)


def test_rebuild_prints_each_change(log, capsys):
    record_events(log, [make_event("run/a", "Happened")])
    run_cli(capsys, "runs")  # now every event is in a read model
    read_models(log).remove("run/a", replaces=1)
    assert run_cli(capsys, "rebuild", "--dry-run")[1].splitlines() == [
        "run/a: would be new",
        "1 streams folded from 1 events; would change: 1",
    ]
    assert read_models(log).get("run/a") is None, "nothing is written"
    assert run_cli(capsys, "rebuild")[1].splitlines() == ["run/a: new", "1 streams folded from 1 events; changed: 1"]
    assert run_cli(capsys, "rebuild")[1] == "1 streams folded from 1 events; changed: 0\n"


def test_a_dry_run_of_rebuild_does_not_even_bring_a_laptops_log_up_to_date(tmp_path, capsys):
    with empty_store("sqlite", tmp_path) as url:
        open_event_log(url).append(make_event("run/a", "Happened"))
        assert run_cli(capsys, "rebuild", "--dry-run", "--log", url)[1].splitlines()[0] == "run/a: would be new"
        assert read_models(url).get("run/a") is None


def test_a_dry_run_of_flush_lists_what_is_in_the_spool(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("TRAINING_EVENTS_SPOOL", str(tmp_path / "spool"))
    monkeypatch.setenv("TRAINING_EVENTS_LOG", f"sqlite:///{tmp_path}/log.db")
    monkeypatch.delenv("TRAINING_EVENTS_BUS", raising=False)
    assert run_cli(capsys, "flush", "--dry-run")[1] == "nothing waits\n"
    spool = Spool(tmp_path / "spool", configured_destination(Settings()), "killed")
    spool.append(b"{}")
    spool.close()
    [line] = run_cli(capsys, "flush", "--dry-run")[1].splitlines()
    assert " bytes wait for " in line


def test_what_a_framework_counts_comes_after_the_metrics_and_has_no_best_value(log, capsys):
    names = ("epoch", "eval_loss", "grad_norm", "learning_rate", "loss", "train_runtime")
    points = [{"name": name, "value": value, "step": step} for name in names for step, value in enumerate((0.5, 0.25))]
    record_events(log, [make_event("run/hf", "MetricsRecorded", 1, points=points)])
    shown = run_cli(capsys, "show", "run/hf")[1].splitlines()
    start = next(number for number, line in enumerate(shown) if line.startswith("metric "))
    rows = [line.split() for line in shown[start + 1 : start + 1 + len(names)]]
    assert [row[0] for row in rows] == ["eval_loss", "loss", "epoch", "grad_norm", "learning_rate", "train_runtime"]
    assert [row[-1] for row in rows[2:]] == ["-"] * 4
    assert table(capsys, "runs")[0][-len(names) :] == [
        "eval_loss",
        "loss",
        "epoch",
        "grad_norm",
        "learning_rate",
        "train_runtime",
    ]
    [run] = json.loads(run_cli(capsys, "runs", "--json")[1])["runs"]
    assert (run["metrics"]["loss"]["best"], run["metrics"]["epoch"]["best"]) == (0.25, None)


def test_a_list_without_a_run_says_so_and_how_to_make_one(log, capsys):
    record_events(log, [make_event("model/digits", "ModelRegistered", 1, version=1)])
    [line] = run_cli(capsys, "runs")[1].splitlines()
    assert line.startswith("no runs yet. ")
    [_, *code] = re.split(r": (?=from)|; ", line)
    for statement in code:
        compile(statement, "the line", "exec")
    assert run_cli(capsys, "runs", "--model", "nobodys") == (0, f"{line}\n", "")
