"""What the README and the laptop guide give to type runs as it stands, and prints what they say."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from training_events.event import Event
from training_events.times import now

from tests.support.command_line import record_events
from tests.support.environment import without_aws
from tests.support.guide_examples import example_of
from tests.support.paths import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
LAPTOP = (ROOT / "docs" / "guides" / "laptop.md").read_text(encoding="utf-8")
INSTALL = "pip install './lambda[cli]'\n"
"""The environment of the tests has it installed already."""


def type_into_shell(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    shell = ["bash", "-e", "-x", "-o", "pipefail", "-c", script]
    done = subprocess.run(
        shell, cwd=folder, env=without_aws(PATH=path, LOGNAME="ada"), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert all(line.startswith("+ ") for line in done.stderr.splitlines()), done.stderr
    return done


def without_what_differs(shown: str) -> str:
    """Without times, versions and the commit, which are of the machine and the moment."""
    for pattern in (
        r"[-\d]{10}T[\d:.]{15}Z",
        r"(?<=took {13}).+",
        r"(?<=commit  )[0-9a-f]{40}",
        r"(?<=packages {6})\d+",
        r"(?<=python {8})[\d.]+",
        r"(?<=machine {7}).+",
    ):
        shown = re.sub(pattern, "…", shown)
    return shown


def test_the_five_commands_of_the_readme_print_what_it_shows(tmp_path: Path) -> None:
    [training] = re.findall(r"```python\n(.+?)```", README, re.DOTALL)
    commands = README.split("five commands")[1]
    script = re.findall(r"```sh\n(.+?)```", commands, re.DOTALL)[0]
    shown = re.findall(r"```\n(stream .+?)```", commands, re.DOTALL)[0]
    assert script.startswith(INSTALL)
    assert len(script.splitlines()) == 5
    (tmp_path / "train.py").write_text(training, encoding="utf-8")
    author = ["-c", "user.name=ada", "-c", "user.email=ada@example.com"]
    for command in (["init", "-q"], ["add", "."], [*author, "commit", "-qm", "The first training"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    printed = type_into_shell(script.removeprefix(INSTALL), tmp_path).stdout
    runs, found, rest = printed.partition("stream ")
    show, _, verify = rest.partition("\nstream ")
    assert without_what_differs(found + show).rstrip() == without_what_differs(shown).rstrip()
    assert re.search(r"^run/digits-7 +completed +digits .+ 0\.28$", runs, re.MULTILINE)
    assert re.search(r"^run/digits-7 +sound +3 +3$", verify, re.MULTILINE)


def test_the_questions_of_the_readme_run_as_they_stand(tmp_path: Path) -> None:
    [questions] = re.findall(r"## Ask anything.+?```sh\n(.+?)```", README, re.DOTALL)
    [python] = re.findall(r"`(te\..+)`", README)
    recording = """
for run in digits-7 digits-8; do
  training-events record run/$run TrainingStarted --data '{"hyperparameters": {"C": 1.0}, "seeds": '"${run#*-}"'}'
  training-events record run/$run MetricsRecorded --data '{"points": [{"name": "loss", "step": 1, "value": 0.28}]}'
done
training-events record model/digits ModelRegistered --data '{"version": 1, "run": "run/digits-7"}'
training-events record model/digits ModelPromoted --data '{"version": 1, "stage": "production"}'
"""
    type_into_shell(recording, tmp_path)
    searched, compared, traced, reported = (type_into_shell(line, tmp_path).stdout for line in questions.splitlines())
    assert re.findall(r"^run/\S+", searched, re.MULTILINE) == ["run/digits-8", "run/digits-7"]
    assert compared.startswith("only the seed differs\n")
    assert "made by run/digits-7  running" in traced
    assert "production  serving, promoted " in traced
    assert reported.startswith("digits-7-and-1-more.html (")
    (tmp_path / "ask.py").write_text(f"import training_events as te\nprint({python})", encoding="utf-8")
    assert "digits-8" in type_into_shell("python ask.py", tmp_path).stdout


def test_the_laptop_commands_run_as_they_stand(tmp_path: Path) -> None:
    install, script = re.findall(r"```sh\n(.+?)```", LAPTOP, re.DOTALL)
    assert install == INSTALL
    done = type_into_shell(script, tmp_path)
    assert [file.name for file in tmp_path.glob("*.db")] == ["training-events.db"]
    recorded, now, then, *rest = re.split(r"^(?:stream +run/digits-7$)", done.stdout, flags=re.MULTILINE)
    assert rest == []
    assert recorded.count(" recorded (") == 5
    assert re.search(r"^run/digits-7 +completed +digits .+ 3 h 0 min +0\.28$", recorded, re.MULTILINE)
    assert re.search(r"^status +completed$", now, re.MULTILINE)
    assert "0.28 @ 8" in now
    assert re.search(r"^status +running, silent for 1 h$", then, re.MULTILINE)
    assert "0.28" not in then.partition("occurred at")[0]
    assert re.findall(r"^(\S+) +sound ", then, re.MULTILINE) == ["model/digits", "run/digits-7"]
    assert json.loads(done.stdout.splitlines()[-1])["stages"] == {"production": "1"}


def test_the_first_page_of_python_prints_what_it_shows(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "guides" / "python.md").read_text(encoding="utf-8")
    asking, *_ = re.findall(r"```python\n(.+?)```", page, re.DOTALL)
    shown, *_ = re.findall(r"```\n(completed.+?)```", page, re.DOTALL)
    recording = re.findall(r"^training-events record .+(?:\n  --.+)*", LAPTOP, re.MULTILINE)
    (tmp_path / "ask.py").write_text(asking, encoding="utf-8")
    type_into_shell("\n".join(recording), tmp_path)
    assert without_what_differs(type_into_shell("python ask.py", tmp_path).stdout) == without_what_differs(shown)


def test_the_runs_of_the_guide_differ_as_it_says(tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "guides" / "comparing.md").read_text(encoding="utf-8")
    [(script, shown)] = re.findall(r"```sh\n(.+?)```\n\n```\n(.+?)```", guide, re.DOTALL)
    assert type_into_shell(script, tmp_path).stdout.endswith(f"\n{shown}")


def test_the_commands_of_rebuild_run_as_they_stand(tmp_path: Path) -> None:
    states = (ROOT / "docs" / "reference" / "states.md").read_text(encoding="utf-8")
    [rebuild] = re.findall(r"```sh\n(training-events rebuild.+?)```", states, re.DOTALL)
    type_into_shell("training-events record run/digits-7 TrainingCompleted", tmp_path)
    printed = type_into_shell(rebuild, tmp_path).stdout
    assert re.findall(r"change[sd]?: (\d+)$", printed, re.MULTILINE) == ["0", "0"]


def test_a_backup_that_is_made_as_it_stands_verifies(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "operate" / "backup.md").read_text(encoding="utf-8")
    [backup] = re.findall(r"```sh\n(python3 .+?)```", page, re.DOTALL)
    for type_ in ("TrainingStarted", "TrainingCompleted"):
        type_into_shell(f"training-events record run/digits-7 {type_}", tmp_path)
    printed = type_into_shell(backup, tmp_path).stdout
    assert re.search(r"^run/digits-7 +sound +2 +2$", printed, re.MULTILINE)


def test_the_readme_is_short() -> None:
    assert len(README.encode()) <= 7000


def test_the_readme_of_the_wheel_gives_the_same_to_type() -> None:
    """PyPI shows that one, and the package is installed by its name there."""
    examples = re.findall(r"```(?:python|sh)\n(.+?)```", (ROOT / "lambda" / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    install, training, commands = examples
    assert install == "pip install 'training-events[cli]'\n"
    assert training in README
    assert commands in README


def test_the_subscription_of_the_guide_has_each_event_once_wherever_it_was_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(time, "sleep", end)
    subscription = example_of("python", "Everything, in the order of recording")
    for version, stage in enumerate(("shadow", "staging", "production"), 1):
        record_events(
            "sqlite:///training-events.db",
            [
                Event(f"{stage}-registered", "model/digits", "ModelRegistered", now(), "tests", {"version": version}),
                Event(
                    f"{stage}-promoted", "model/digits", "ModelPromoted", now(), "tests", {"version": version, "stage": stage}
                ),
            ],
        )
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                exec(subscription, {})  # noqa: S102 - the guide's own
        assert capsys.readouterr().out == f"model/digits {stage}\n"


def end(_: float) -> None:
    raise KeyboardInterrupt
