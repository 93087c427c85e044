"""`reproduce --launch` from its beginning to the verdict, on real trainings in processes of their own."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import training_events as te
from msgspec import structs
from training_events.stores.opening import open_event_log

from tests.support.command_line import parse_document
from tests.support.launches import Repository, recorder_packages

pytestmark = pytest.mark.slow
PROGRAM = Path(sys.executable).with_name("training-events")


def log_of(repository: Repository, **spec: Any) -> str:
    """A log in which the run `first` has recorded only the packages of the recorder, and this."""
    url = f"sqlite:///{repository.folder.parent}/again.db"
    log = open_event_log(url)
    started = {"packages": recorder_packages()} | spec
    for record in open_event_log(repository.log).read("run/first"):
        more = started if record.event.type == "TrainingStarted" else {}
        log.append(structs.replace(record.event, data=record.event.data | more, producer=None))
    return url


def begin(repository: Repository, url: str, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    command = [str(PROGRAM), "reproduce", "first", "--launch", "--log", url, *arguments]
    environment = repository.environment(**variables)
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=repository.folder, env=environment, stdout=pipe, stderr=pipe, text=True)


def done(repository: Repository, url: str, *arguments: str, **variables: str) -> tuple[int, str, str]:
    with begin(repository, url, *arguments, **variables) as process:
        out, err = process.communicate()
    assert repository.left_behind() == []
    return process.returncode, out, err


def said_of_the_original(url: str) -> list[tuple[str, dict[str, Any]]]:
    events = [record.event for record in open_event_log(url).read("run/first")]
    return [(event.type, event.data) for event in events if event.type.startswith("Reproduction")]


def test_a_run_is_done_again_and_verified(repository: Repository):
    repository.train("first", "train.py", "--steps", "4")
    url = log_of(repository)
    code, out, err = done(repository, url)
    assert (code, err) == (0, "")
    *_, last = out.splitlines()
    run = last.split()[0]
    assert last == f"{run} gives the same as run/first: verified, by 1 metric"
    (asked, request), (answered, verdict) = said_of_the_original(url)
    assert (asked, answered) == ("ReproductionRequested", "ReproductionVerified")
    assert request["run"] == verdict["run"] == run
    assert te.open_log(url).run(run).reproduces == "run/first"


def test_a_run_that_gives_something_else_diverged_and_what_was_allowed_is_recorded(repository: Repository):
    reads_a_variable = (
        (repository.folder / "train.py").read_text(encoding="utf-8").replace("scale =", "scale = len(os.environ['X']) *")
    )
    repository.write(**{"train.py": reads_a_variable})
    repository.commit()
    repository.train("first", "train.py", "--steps", "4", X="abc")
    url = log_of(repository, seeds=None)
    code, out, err = done(repository, url, X="abcd")
    assert code == 2
    assert "seeds (the run recorded no seed)" in err
    assert said_of_the_original(url) == []
    code, out, err = done(repository, url, "--allow-unpinned", "seeds", "--json", X="abcd")
    document = parse_document("reproduce", out)
    assert (code, document["reproduction"]["status"], document["allowed"]) == (1, "diverged", ["seeds"])
    assert err.splitlines()[-1].startswith(
        f"training-events: {document['reproduction']['run']} diverged from run/first: loss parts at "
    )
    assert [type_ for type_, _ in said_of_the_original(url)] == ["ReproductionRequested", "ReproductionDiverged"]
    assert said_of_the_original(url)[0][1]["allowed_unpinned"] == ["seeds"]


def test_nothing_is_requested_where_what_it_needs_cannot_be_had(repository: Repository):
    repository.train("first", "train.py", "--steps", "1")
    url = log_of(repository, packages={"no-such-package": "1.0"})
    code, _, err = done(repository, url)
    assert (code, err) == (1, "training-events: the package no-such-package 1.0 cannot be had: no index has it\n")
    assert said_of_the_original(url) == []


def test_a_program_that_records_no_end_is_told_with_its_exit_code(repository: Repository):
    repository.train("first", "train.py", "--steps", "1")
    url = log_of(repository, arguments=["--no-such-option"])
    code, _, err = done(repository, url)
    assert code == 1
    assert (
        "training-events: the program has ended with exit code 2, and the log has no end of run/first-again-"
        in err.splitlines()[-1]
    )


def test_ctrl_c_leaves_nothing_behind_and_no_verdict(repository: Repository):
    repository.train("first", "train.py", "--steps", "1")
    url = log_of(repository, arguments=["--steps", "1", "--wait", "1000"])
    with begin(repository, url) as process:
        assert process.stdout is not None
        assert any(line.startswith("trained") for line in process.stdout)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert (process.returncode, err) == (130, "")
    assert out.splitlines()[-1] == "stopped by SIGINT: what was started has ended, and its folder is removed"
    assert repository.left_behind() == []
    assert [type_ for type_, _ in said_of_the_original(url)] == ["ReproductionRequested"]


def test_the_document_is_alone_on_standard_output(repository: Repository):
    repository.train("first", "train.py", "--steps", "1")
    code, out, err = done(repository, log_of(repository), "--json")
    assert code == 0, err
    assert json.loads(out)["reproduction"]["status"] == "verified"
    assert "program: python train.py --steps 1" in err.splitlines()
