"""`runs --where` and `--sort`: which runs are listed, and with which columns."""

import json
import re

import pytest
from training_events import cli

from tests.support.command_line import make_event, record_events, run_cli


@pytest.fixture
def runs(bare_environment, monkeypatch, tmp_path):
    """Three runs, of which the second is hidden."""
    monkeypatch.setenv("TRAINING_EVENTS_LOG", url := f"sqlite:///{tmp_path}/log.db")
    for number, (alpha, accuracy) in enumerate([(0.1, 0.91), (0.01, 0.97), (0.001, 0.95)]):
        stream, second = f"run/{'abc'[number]}", 10 * number
        record_events(
            url,
            [
                make_event(stream, "TrainingStarted", second + 1, hyperparameters={"alpha": alpha}, model="digits"),
                make_event(stream, "MetricsRecorded", second + 2, points=[{"name": "accuracy", "value": accuracy}]),
                make_event(stream, "TrainingCompleted" if number else "TrainingFailed", second + 9),
            ],
        )
    record_events(url, [make_event("run/b", "Hidden", 50)])


def listed(capsys, *options):
    """The cells of each line, and what is on standard error."""
    assert cli.run(["runs", *options]) == 0
    printed = capsys.readouterr()
    return [re.split(r" {2,}", line) for line in printed.out.splitlines()], printed.err


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--where", "metrics.accuracy > 0.9"], "ca"),
        (["--where", "metrics.accuracy > 0.9", "--all"], "cba"),
        (["--where", "metrics.accuracy > 0.9", "--sort", "-metrics.accuracy", "--all"], "bca"),
        (["--sort", "params.alpha", "--limit", "1"], "c"),
        (["--sort", "params.alpha DESC"], "ac"),
        (["--where", "params.alpha < 0.05", "--status", "completed", "--model", "digits"], "c"),
        (["--where", "params.alpha < 0.05 or duration > 1", "--status", "failed"], "a"),
        (["--where", "hidden = true"], "b"),
        (["--where", "created > '2026-11-22'", "--since", "2026-11-22T15:08:05"], "c"),
    ],
)
def test_runs_are_selected_and_sorted(capsys, options, names):
    (titles, *rows), _ = listed(capsys, *options)
    assert titles[0] == "run"
    assert "".join(row[0].removeprefix("run/") for row in rows) == names
    cli.run(["runs", *options, "--json"])
    document = json.loads(capsys.readouterr().out)
    assert "".join(run["stream"].removeprefix("run/") for run in document["runs"]) == names


@pytest.mark.usefixtures("runs")
def test_what_is_hidden_is_counted_and_what_is_asked_for_is_shown(capsys):
    rows, err = listed(capsys, "--where", "metrics.accuracy.last > 0.9", "--sort", "events")
    assert err == "1 hidden left out: --all lists them\n"
    assert {"accuracy.last", "events"} <= set(rows[0])
    assert listed(capsys, "--where", "metrics.accuracy > 2") == ([["no run is like this"]], "")


@pytest.mark.usefixtures("runs")
def test_a_name_that_no_run_has_is_one_line(capsys):
    code, out, err = run_cli(capsys, "runs", "--where", "metrics.acuracy > 0.9")
    assert (code, out) == (2, "")
    assert err.endswith("where, at character 1: no metric `acuracy` in these runs; did you mean `accuracy`?\n")
