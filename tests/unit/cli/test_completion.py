"""What shells complete: in a real bash, and by the protocol of the scripts that Typer makes for bash, zsh and fish."""

import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from training_events import cli
from training_events.cli import completion

from tests.support.command_line import empty_store, make_event, record_events
from tests.support.environment import without_aws
from tests.support.patience import PATIENCE_SECONDS, until

VARIABLE = "_TRAINING_EVENTS_COMPLETE"
PROGRAMS = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


@pytest.fixture(autouse=True)
def _bare(bare_environment):
    """Nothing names a log, a bus or an account."""


@pytest.fixture
def offered(monkeypatch, capsys):
    """What bash is offered for the last of these words, and that nothing else is printed."""

    def complete(*words):
        monkeypatch.setattr(completion, "MAX_SECONDS", PATIENCE_SECONDS)  # a busy machine is slow and not wrong
        monkeypatch.setenv(VARIABLE, "complete_bash")
        monkeypatch.setenv("COMP_WORDS", "\n".join(["training-events", *words]))
        monkeypatch.setenv("COMP_CWORD", str(len(words)))
        monkeypatch.setattr(sys, "argv", ["training-events"])
        stderr = sys.stderr
        with pytest.raises(SystemExit) as ended:
            cli.main()
        monkeypatch.setattr(sys, "stderr", stderr)
        captured = capsys.readouterr()
        assert (ended.value.code, captured.err) == (0, "")
        return captured.out.split()

    return complete


def test_commands_options_and_their_values(offered):
    assert offered("sh") == ["show"]
    assert offered("show", "--as") == ["--as-of"]
    assert offered("runs", "--status", "co") == ["completed"]


def test_several_streams_one_after_the_other(tmp_path, monkeypatch, offered):
    url = f"sqlite:///{tmp_path}/log.db"
    record_events(url, [make_event("run/a", "TrainingStarted")])
    monkeypatch.setenv("TRAINING_EVENTS_LOG", url)
    for command in ("verify", "hide", "tag"):
        assert offered(command, "run/b", "ru") == ["run/a"]


def test_values_of_options_that_name_what_was_recorded(tmp_path, monkeypatch, offered):
    started = make_event("run/a", "TrainingStarted", 0, model="digits", hyperparameters={"lr": 0.1, "optimizer": {"beta": 0.9}})
    tagged = make_event("run/a", "Tagged", 1, tags={"group": "sweep-7", "team": "vision"})
    measured = make_event("run/a", "MetricsRecorded", 2, points=[{"name": "val/loss", "value": 0.5}])
    serving = make_event("model/digits", "ModelPromoted", 3, version="1", stage="production")
    with empty_store("sqlite", tmp_path) as url:
        record_events(url, [started, tagged, measured, serving])
        monkeypatch.setenv("TRAINING_EVENTS_LOG", url)
        assert offered("runs", "--columns", "params.") == ["params.lr", "params.optimizer.beta"]
        assert offered("runs", "--columns", "commit,m") == ["commit,model", "commit,metrics.val/loss"]
        assert offered("runs", "--sort", "tags.") == ["tags.group", "tags.team"]
        assert offered("runs", "--model", "d") == ["digits"]
        assert offered("runs", "--group", "") == ["sweep-7"]
        assert offered("serving", "--stage", "p") == ["production"]


@pytest.mark.parametrize("kind", ["sqlite", "dynamodb"])
def test_streams_of_the_log_at_hand_the_newest_first(tmp_path, monkeypatch, offered, kind):
    runs = [make_event(f"run/digits-{number}", "TrainingStarted", number) for number in range(3)]
    hidden = make_event("run/digits-9", "TrainingStarted", 9), make_event("run/digits-9", "Hidden", 10)
    others = make_event("model/digits", "ModelRegistered", 20, version="1"), make_event("run/other", "TrainingStarted", 21)
    with empty_store(kind, tmp_path) as url:
        record_events(url, [*runs, *hidden, *others])
        monkeypatch.setenv("TRAINING_EVENTS_LOG", url)
        assert offered("show", "run/dig") == ["run/digits-2", "run/digits-1", "run/digits-0"]
        assert offered("show", "mod") == ["model/digits"]
        assert offered("history", "") == ["run/other", "model/digits", "run/digits-2", "run/digits-1", "run/digits-0"]
        assert offered("hide", "run/other", "run/dig") == offered("tag", "run/dig") == offered("show", "run/dig")
        assert offered("restore", "") == ["run/digits-9"]
        assert offered("watch", "dig") == ["digits-2", "digits-1", "digits-0"]
        assert offered("watch", "run/o") == ["run/other"]


@pytest.mark.parametrize("kind", ["sqlite", "dynamodb"])
def test_what_evidence_is_made_of_is_offered_with_the_versions_of_a_model(tmp_path, monkeypatch, offered, kind):
    versions = [make_event("model/digits", "ModelRegistered", number, version=str(number)) for number in (9, 10)]
    others = make_event("model/other", "ModelRegistered", 3, version="1"), make_event("run/digits-7", "TrainingStarted", 1)
    with empty_store(kind, tmp_path) as url:
        record_events(url, [*versions, *others])
        monkeypatch.setenv("TRAINING_EVENTS_LOG", url)
        assert offered("evidence", "model/") == ["model/digits@10", "model/digits@9", "model/other@1"]
        assert offered("evidence", "mod") == offered("evidence", "model/")
        assert offered("evidence", "run/") == ["run/digits-7"]
        # bash splits words at an @, and leaves what is before it where it is
        assert offered("evidence", "model/digits", "@") == ["10", "9"]
        assert offered("evidence", "model/digits", "@", "1") == ["10"]
        assert offered("evidence", "model/digits", "@", "9", "--with") == ["--with-files"]


def test_a_log_in_which_nothing_was_folded_yet_has_its_streams_too(tmp_path, monkeypatch, offered):
    monkeypatch.setenv("TRAINING_EVENTS_LOG", f"sqlite:///{tmp_path}/log.db")
    assert cli.run(["record", "run/new", "TrainingStarted"]) == 0
    assert offered("show", "run/n")[-1] == "run/new"


def test_the_log_that_an_option_names_as_bash_splits_it(tmp_path, offered):
    record_events(f"sqlite:///{tmp_path}/log.db", [make_event("run/a", "TrainingStarted")])
    assert offered("show", "--log", "sqlite", ":", f"///{tmp_path}/log.db", "run/") == ["run/a"]
    assert offered("show", "--log", "=", "sqlite", ":", f"///{tmp_path}/log.db", "run/") == ["run/a"]
    assert offered("runs", "--status", "=", "co") == ["completed"]
    assert "failed" in offered("runs", "--status", "=")


def test_a_hundred_are_offered_at_most(tmp_path, monkeypatch, offered):
    url = f"sqlite:///{tmp_path}/log.db"
    record_events(url, [make_event(f"run/r-{number}", "TrainingStarted", number) for number in range(120)])
    monkeypatch.setenv("TRAINING_EVENTS_LOG", url)
    assert offered("show", "run/") == [f"run/r-{number}" for number in range(119, 19, -1)]


def test_a_name_that_a_shell_would_not_take_as_it_stands_is_not_offered(tmp_path, monkeypatch, offered):
    url = f"sqlite:///{tmp_path}/log.db"
    names = ["$(touch x)", "`touch x`", "a b", "*", "a\\", "'", '"', "a;b", "دقت", "a|b", "~", "#a", "a&b", "{a,b}"]
    record_events(url, [make_event(f"run/{name}", "TrainingStarted", number) for number, name in enumerate(names)])
    monkeypatch.setenv("TRAINING_EVENTS_LOG", url)
    assert offered("show", "run/") == ["run/دقت"]


@pytest.mark.parametrize("url", ["sqlite:////nowhere/log.db", "dynamodb://event-log?read_models=read-models", "nonsense"])
def test_where_there_is_no_log_nothing_is_offered_and_nothing_is_said(monkeypatch, offered, url):
    monkeypatch.setenv("TRAINING_EVENTS_LOG", url)
    assert offered("show", "run/") == []
    assert offered("nothing", "run/") == []


@pytest.mark.parametrize(("shell", "expected"), [("zsh", "_arguments '*: :((\"run/a\"))'"), ("fish", "run/a")])
def test_zsh_and_fish_ask_in_their_own_way(tmp_path, shell, expected):
    url = f"sqlite:///{tmp_path}/log.db"
    record_events(url, [make_event("run/a", "TrainingStarted")])
    asked = {VARIABLE: f"complete_{shell}", "_TYPER_COMPLETE_ARGS": "training-events show ru"}
    environment = without_aws(**asked, _TYPER_COMPLETE_FISH_ACTION="get-args", TRAINING_EVENTS_LOG=url, PATH=PROGRAMS)
    done = subprocess.run(["training-events"], env=environment, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == (f"{expected}\n", "")


def test_in_bash_the_tab_key_completes_a_run_and_a_version(tmp_path):
    url = f"sqlite:///{tmp_path}/log.db"
    registered = make_event("model/digits", "ModelRegistered", version="3")
    record_events(url, [make_event("run/digits-7", "TrainingStarted"), registered])
    environment = without_aws(TRAINING_EVENTS_LOG=url, PATH=PROGRAMS, HOME=str(tmp_path), TERM="dumb")
    (tmp_path / ".bashrc").write_text("PS1='ready> '\n")
    install = ["bash", "-c", "training-events --install-completion; true"]
    done = subprocess.run(install, env=environment, capture_output=True, text=True, check=True)
    assert "bash completion installed" in done.stdout
    primary, secondary = pty.openpty()
    os.set_blocking(primary, False)
    shown = b""

    def shows(text):
        nonlocal shown
        with suppress(BlockingIOError):
            shown += os.read(primary, 65536)
        return text in shown

    with subprocess.Popen(["bash", "-i"], stdin=secondary, stdout=secondary, stderr=secondary, env=environment) as shell:
        try:
            until(lambda: shows(b"ready> "))
            os.write(primary, b"training-events watch dig\t")
            until(lambda: shows(b"watch digits-7 "))
            os.write(primary, b"\x15training-events evidence mod\t")  # ^U clears the line
            until(lambda: shows(b"evidence model/digits@3 "))
        finally:
            shell.kill()
    os.close(primary)
    os.close(secondary)
