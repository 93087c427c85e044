"""`reproduce`: what it lists of a run, when it goes on, and commands that do the run again as they stand."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from training_events import folds
from training_events.folds.run_state import RunState
from training_events.stores.opening import open_event_log

from tests.support.command_line import empty_store, make_event, parse_document, record_events, run_cli
from tests.support.environment import without_aws

SETTINGS = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
AUTHOR = {f"GIT_{who}_{what}": "ada@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
TRAINING = """
import random, sys
from training_events import record_run
from helper import weight

random.seed(7)
rows = [float(line) for line in open("data/rows.csv")]
with record_run(model="tiny", hyperparameters={"steps": 3}, seeds=7, datasets="data/rows.csv") as run:
    for step in range(3):
        run.metric("loss", weight * random.random() + sum(rows), step=step)
    open("said.txt", "w").write(sys.argv[1])
    run.artifact("said.txt")
"""
UV = f"""#!/bin/sh
# in place of uv: an environment is this one, and what is installed into it is only noted
case "$1" in
venv)
  for last; do :; done
  mkdir -p "$last/bin"
  printf '#!/bin/sh\\nexec "{sys.executable}" "$@"\\n' > "$last/bin/python"
  chmod +x "$last/bin/python" ;;
*) echo "$@" >> "$UV_CALLS" ;;
esac
"""
SAID = 'it\'s "$HOME" `x` \\ *'


@pytest.fixture(params=["sqlite", "dynamodb"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.chdir(tmp_path)
    with empty_store(request.param, tmp_path) as url:
        monkeypatch.setenv("TRAINING_EVENTS_LOG", url)
        record_events(url, history("run/a", seeds=7) + history("run/b") + [make_event("run/c", "TrainingRequested", 1)])
        yield url


def history(stream: str, **spec: Any) -> list[Any]:
    points = [{"name": "loss", "value": 0.5, "step": 1}]
    return [
        make_event(stream, "TrainingStarted", 1, hyperparameters={"C": 1}, **spec),
        make_event(stream, "MetricsRecorded", 2, points=points),
        make_event(stream, "TrainingCompleted", 3),
    ]


def reproduce(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> tuple[Any, str]:
    exit_code, out, err = run_cli(capsys, "reproduce", *arguments, "--json")
    assert exit_code == code
    return parse_document("reproduce", out), err


def test_a_run_that_is_not_pinned_is_refused_with_the_list(capsys: pytest.CaptureFixture[str], url: str):
    document, err = reproduce(capsys, "b", code=2)
    assert document["run"] == "run/b"
    assert document["unpinned"] == [pin["name"] for pin in document["pins"] if not pin["pinned"]]
    assert {"code", "seeds", "hardware"} <= set(document["unpinned"])
    assert document["commands"] == []
    assert "seeds (the run recorded no seed)" in err
    assert " --allow-unpinned seeds " in err


def test_what_is_allowed_goes_on(capsys: pytest.CaptureFixture[str], url: str):
    unpinned = reproduce(capsys, "run/a", code=2)[0]["unpinned"]
    assert "seeds" not in unpinned
    allowed = [option for name in [*unpinned, "seeds"] for option in ("--allow-unpinned", name)]
    document, _ = reproduce(capsys, "run/a", *allowed)
    assert document["allowed"] == document["unpinned"] == unpinned, "of what is pinned nothing has to be allowed"
    assert document["commands"][-1].startswith("training-events reproduce run/a --judge run/a-again-")


def test_people_see_each_pin_and_then_the_commands(capsys: pytest.CaptureFixture[str], url: str):
    code, out, _ = run_cli(capsys, "reproduce", "run/a")
    assert code == 2
    lines = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert lines["seeds"] == "7"
    assert lines["hardware"] == "not pinned: the run recorded no machine"
    assert "To do it again" not in out
    allowed = [f"--allow-unpinned={name}" for name in json.loads(run_cli(capsys, "reproduce", "a", "--json")[1])["unpinned"]]
    assert "\n\nTo do it again on this machine:\n\ngit init" in run_cli(capsys, "reproduce", "run/a", *allowed)[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run/a", "--allow-unpinned", "sedes"], "'sedes' is nothing that can be pinned; did you mean `seeds`? Allowed: code,"),
        (["run/a", "--allow-unpinned", "x"], "'x' is nothing that can be pinned. Allowed: code, diff,"),
        (["run/c"], "run/c is requested: it has not started, so there is nothing to do again"),
        (["run/aa"], "the log has no event of run/aa"),
        (["model/a"], "the log has no event of run/model/a"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_mistake_of_the_caller_is_one_line(capsys: pytest.CaptureFixture[str], url: str, arguments: list[str], message: str):
    code, out, err = run_cli(capsys, "reproduce", *arguments)
    assert (code, out) == (2, "")
    assert message in err


# ---- a real training, done again by hand


def run(folder: Path, *command: str, **variables: str) -> str:
    environment = without_aws(**SETTINGS, **AUTHOR, **variables)
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone in which a training has run, with a helper that git does not have. The log is beside it."""
    clone = tmp_path / "my project"
    (clone / "data").mkdir(parents=True)
    (clone / "data" / "rows.csv").write_text("1\n2\n", encoding="utf-8")
    (clone / "train.py").write_text(TRAINING, encoding="utf-8")
    (clone / ".gitignore").write_text("data/\n", encoding="utf-8")
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "first"]):
        run(clone, "git", *command)
    (clone / "helper.py").write_text("weight = 0.5\n", encoding="utf-8")
    monkeypatch.setenv("TRAINING_EVENTS_LOG", f"sqlite:///{tmp_path}/log.db")
    variables = {"TRAINING_EVENTS_LOG": f"sqlite:///{tmp_path}/log.db", "TRAINING_EVENTS_RUN": "tiny"}
    run(clone, sys.executable, "train.py", SAID, **variables)
    monkeypatch.chdir(clone)
    return clone


@pytest.mark.slow
def test_the_commands_do_the_run_again_as_they_stand(capsys: pytest.CaptureFixture[str], tmp_path: Path, trained: Path):
    document, _ = reproduce(capsys, "tiny")
    *commands, judge = document["commands"]
    uv, calls = tmp_path / "bin" / "uv", tmp_path / "calls"
    uv.parent.mkdir()
    uv.write_text(UV, encoding="utf-8")
    uv.chmod(0o755)
    path = os.pathsep.join([str(uv.parent), os.environ["PATH"]])
    run(tmp_path, "bash", "-e", "-c", "\n".join(commands), PATH=path, UV_CALLS=str(calls))
    name = judge.split("--judge run/")[1].split()[0]
    first, again = state_of("run/tiny"), state_of(f"run/{name}")
    assert (again.status, again.reproduces) == ("completed", "run/tiny")
    assert values_of(again) == values_of(first)
    assert again.artifacts[0].stored.sha256 == first.artifacts[0].stored.sha256
    assert first.spec is not None
    assert again.spec is not None
    assert again.spec["code"] == first.spec["code"], "the helper is there again, and is as new to git as it was"
    assert "--no-deps" in calls.read_text(encoding="utf-8")
    pins = (tmp_path / name / ".venv" / "packages.txt").read_text(encoding="utf-8").splitlines()
    recorded = {name: version for name, version in first.spec["packages"].items() if name != "training-events"}
    assert pins == [f"{name}=={version}" for name, version in recorded.items()]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("damage", "pin", "why"),
    [
        ("data/rows.csv", "datasets", "the sha256 recorded is"),
        ("../log.db-files", "diff", "there is no such file on this machine"),
    ],
)  # fmt: skip
def test_what_is_another_one_by_now_is_not_pinned(
    capsys: pytest.CaptureFixture[str], trained: Path, damage: str, pin: str, why: str
):
    target = trained / damage
    if target.is_dir():
        target.rename(target.with_name("elsewhere"))
    else:
        target.write_text("1\n3\n", encoding="utf-8")
    document, _ = reproduce(capsys, "tiny", code=2)
    assert document["unpinned"] == [pin]
    assert why in next(each["why"] for each in document["pins"] if each["name"] == pin)


@pytest.mark.slow
def test_a_commit_that_no_clone_has_is_not_pinned(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, trained: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    document, err = reproduce(capsys, "tiny", code=2)
    assert document["unpinned"] == ["code"]
    assert "this folder is in no clone that has it, and the run recorded no address of its repository" in err


def values_of(state: RunState) -> list[Any]:
    loss = state.metrics["loss"]
    return [reading and (reading.step, reading.value) for reading in (loss.first, loss.min, loss.max, loss.last)]


def state_of(stream: str) -> RunState:
    log = open_event_log(os.environ["TRAINING_EVENTS_LOG"])
    state = folds.fold(folds.empty(stream), log.entries(stream))
    assert isinstance(state, RunState)
    return state
