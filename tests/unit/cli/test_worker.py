"""`training-events worker` in this process: what it starts, refuses and tells."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from training_events import cli, open_log, register_dataset
from training_events.catalogue.run import TrainingRequested
from training_events.settings import Settings
from training_events.stores.opening import open_event_log
from training_events.training.asking import requested_event
from training_events.worker.task import Task, TaskFiles, worker_folder

from tests.support.command_line import parse_document, run_cli

RECIPE = """\
model = "digits"
dataset = "digits"
on = "DatasetRegistered"
command = ["python", "train.py"]
max_running = 2
[channels]
train = { dataset = "digits" }
"""
PROGRAM = """\
import os, sys
from pathlib import Path
from training_events import record_run

[file] = Path(os.environ["SM_CHANNEL_TRAIN"]).iterdir()
with record_run(model="digits", datasets=[file]):
    print(file.read_text())
"""


@pytest.fixture(name="log")
def _log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    for name in [name for name in os.environ if name.startswith("TRAINING_EVENTS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    url = f"sqlite:///{tmp_path}/log.db"
    monkeypatch.setenv("TRAINING_EVENTS_LOG", url)
    monkeypatch.chdir(tmp_path)
    Path("training/recipes").mkdir(parents=True)
    Path("training/recipes/digits.toml").write_text(RECIPE, encoding="utf-8")
    Path("train.py").write_text(PROGRAM, encoding="utf-8")
    return url


def request(log: str, run: str, recipe: str, **hyperparameters: str) -> None:
    open_event_log(log).append(requested_event(run, TrainingRequested(recipe=recipe, hyperparameters=hyperparameters or None)))


def register(text: str) -> None:
    Path("digits.csv").write_text(text, encoding="utf-8")
    register_dataset("digits.csv", name="digits")


def test_a_worker_needs_recipes(log, capsys, monkeypatch):
    monkeypatch.setenv("TRAINING_EVENTS_RECIPES", "nowhere")
    code, out, err = run_cli(capsys, "worker", "--once")
    assert (code, out) == (2, "")
    assert err.startswith("training-events: there are no recipes at 'nowhere'")


def test_where_nothing_is_asked_for_nothing_is_done(log, capsys):
    assert run_cli(capsys, "worker", "--once") == (0, "recipes of training/recipes: digits\n", "")
    assert not Path("log.db").exists(), "only a training, or whoever asks for one, makes a log"


def test_what_cannot_be_started_is_refused_in_the_log(log, capsys):
    request(log, "run/a", "digitz")
    code, out, _ = run_cli(capsys, "worker", "--once", "--json")
    [note] = parse_document("worker", out)["notes"]
    assert (code, note["run"], note["what"]) == (0, "run/a", "refused")
    assert "digitz" in note["explanation"]
    run = open_log(log).run("a")
    assert run.refused is not None
    assert (run.status, run.refused.reason) == ("refused", "unknown_recipe")
    assert parse_document("worker", run_cli(capsys, "worker", "--once", "--json")[1])["notes"] == []


@pytest.mark.slow
def test_a_new_version_of_a_dataset_is_trained_on_once_and_none_from_before(log, capsys):
    register("from before the first worker")
    run_cli(capsys, "worker", "--once")
    register("new")
    code, out, _ = run_cli(capsys, "worker", "--once", "--json")
    notes = parse_document("worker", out)["notes"]
    assert (code, [note["what"] for note in notes]) == (0, ["started", "completed"])
    [run] = open_log(log).runs(where="status = 'completed'")
    [dataset], versions = run.datasets, open_log(log).dataset("digits").versions
    assert (run.stream, dataset.sha256) == (notes[0]["run"], versions[-1].stored.sha256)
    assert dataset.uri == versions[-1].stored.uri, "the version, and not the copy that was fetched for the program"
    assert len(open_log(log).runs()) == 1
    assert parse_document("worker", run_cli(capsys, "worker", "--once", "--json")[1])["notes"] == []
    [output] = Path("state").rglob("*.log")
    assert output.read_text(encoding="utf-8") == "new\n"
    assert str(output) in notes[0]["explanation"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "status", "error"),
    [
        ("import sys; sys.exit(3)", "failed", "the program ended with exit code 3"),
        ("import os; print('going'); os.kill(os.getpid(), 9)", "failed", "the program was killed by SIGKILL: going"),
        ("raise ValueError('bad')", "failed", "the program ended with exit code 1: ValueError: bad"),
        ("print('no record')", "completed", None),
    ],
)
def test_the_end_that_a_program_does_not_record_is_recorded_for_it(log, capsys, program, status, error):
    Path("training/recipes/plain.toml").write_text('command = ["python", "plain.py"]\n', encoding="utf-8")
    Path("plain.py").write_text(program, encoding="utf-8")
    request(log, "run/a", "plain")
    assert run_cli(capsys, "worker", "--once")[0] == 0
    run = open_log(log).run("a")
    assert (run.status, None if run.error is None else str(run.error.error).splitlines()[0]) == (status, error)


def test_a_program_that_cannot_be_started_has_failed(log, capsys):
    Path("training/recipes/plain.toml").write_text('command = ["no-such-program"]\n', encoding="utf-8")
    request(log, "run/a", "plain")
    assert run_cli(capsys, "worker", "--once")[0] == 0
    error = open_log(log).run("a").error
    assert error is not None
    assert str(error.error).startswith("no-such-program cannot be started in ")


def test_a_program_whose_arguments_no_process_can_have_has_failed_at_once(log, capsys):
    recipe = 'command = ["python", "-c", "pass"]\n[hyperparameters]\nnote = "none"\n'
    Path("training/recipes/plain.toml").write_text(recipe, encoding="utf-8")
    request(log, "run/a", "plain", note="a\0b")
    assert run_cli(capsys, "worker", "--once")[0] == 0
    error = open_log(log).run("a").error
    assert error is not None
    assert str(error.error).startswith("python cannot be started in ")


def test_a_run_whose_folder_is_gone_has_failed_and_holds_up_no_other(log, capsys):
    Path("training/recipes/plain.toml").write_text('command = ["python", "-c", "pass"]\n', encoding="utf-8")
    folder = worker_folder(Settings(), log)
    TaskFiles.of("run/a", folder).write(Task("run/a", "plain", ["python"], str(Path("gone").absolute()), starts=1))
    request(log, "run/a", "plain")
    request(log, "run/b", "digits")
    Path("training/recipes/digits.toml").write_text('command = ["python", "-c", "pass"]\n', encoding="utf-8")
    assert run_cli(capsys, "worker", "--once")[0] == 0
    error = open_log(log).run("a").error
    assert error is not None
    assert str(error.error) == f"its process cannot be started: {Path('gone').absolute()}: No such file or directory"
    assert open_log(log).run("b").status == "completed"


def test_a_damaged_event_holds_up_no_other_run(log, capsys):
    recipe = 'command = ["python", "-c", "pass"]\nmax_running = 2\n'
    Path("training/recipes/plain.toml").write_text(recipe, encoding="utf-8")
    for run in ("run/a", "run/b"):
        request(log, run, "plain")
    run_cli(capsys, "runs")  # the read models have both
    with closing(sqlite3.connect("log.db")) as database, database:
        database.execute("UPDATE events SET data = '{' WHERE stream = 'run/a'")
    assert cli.run(["worker", "--once"]) == 0
    out, err = capsys.readouterr()
    assert "run/b has completed" in out
    [warning] = err.splitlines()
    assert warning.startswith("training-events: what needs this event is left alone: 'run/a'")


def test_a_task_that_cannot_be_read_is_decided_again(log, capsys):
    Path("training/recipes/plain.toml").write_text('command = ["python", "-c", "pass"]\n', encoding="utf-8")
    TaskFiles.of("run/a", worker_folder(Settings(), log)).task_file.write_bytes(b'{"stream"')
    request(log, "run/a", "plain")
    assert run_cli(capsys, "worker", "--once")[0] == 0
    assert open_log(log).run("a").status == "completed"


def test_data_that_was_altered_since_is_not_trained_on(log, capsys):
    run_cli(capsys, "worker", "--once")
    register("new")
    [kept] = [file for file in Path("log.db-files").rglob("*") if file.is_file()]
    kept.chmod(0o600)
    kept.write_text("altered", encoding="utf-8")
    run_cli(capsys, "worker", "--once")
    [run] = open_log(log).runs()
    assert run.status == "failed"
    assert "is not what was recorded" in str(run.error)
