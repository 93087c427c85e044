"""`reproduce --judge` and `--launch`: the verdict is printed, recorded on the original's stream, and is the exit code."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from training_events import folds
from training_events.folds.run_state import Reproduction, RunState
from training_events.stores.opening import open_event_log

from tests.support.command_line import empty_store, make_event, parse_document, record_events, run_cli

LOSSES = (0.5, 0.25)


def history(stream: str, *losses: float, ended: bool = True, **spec: Any) -> list[Any]:
    points = [{"name": "loss", "value": value, "step": step} for step, value in enumerate(losses)]
    events = [
        make_event(stream, "TrainingStarted", 1, hyperparameters={"C": 1}, **spec),
        make_event(stream, "MetricsRecorded", 2, points=points),
    ]
    return [*events, make_event(stream, "TrainingCompleted", 3)] if ended else events


@pytest.fixture(params=["sqlite", "dynamodb"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOGNAME", "ada")
    with empty_store(request.param, tmp_path) as url:
        monkeypatch.setenv("TRAINING_EVENTS_LOG", url)
        record_events(url, history("run/a", *LOSSES, seeds=7) + history("run/same", *LOSSES, seeds=7))
        record_events(url, history("run/other", 0.5, 0.26, seeds=8) + history("run/unended", *LOSSES, ended=False))
        yield url


def reproductions(url: str) -> list[Reproduction]:
    state = folds.fold(folds.empty("run/a"), open_event_log(url).entries("run/a"))
    assert isinstance(state, RunState)
    return state.reproductions


def test_a_run_that_gives_the_same_verifies_the_original(capsys: pytest.CaptureFixture[str], url: str):
    code, out, _ = run_cli(capsys, "reproduce", "a", "--judge", "same")
    assert (code, out) == (0, "run/same gives the same as run/a: verified, by 1 metric\n")
    [found] = reproductions(url)
    assert (found.run, found.status, found.inputs, found.by) == ("run/same", "verified", [], "ada")


def test_a_run_that_gives_something_else_diverged(capsys: pytest.CaptureFixture[str], url: str):
    code, out, err = run_cli(capsys, "reproduce", "run/a", "--judge", "run/other")
    assert (code, out) == (1, "")
    assert err.startswith("training-events: run/other diverged from run/a: loss parts at step 1; ")
    [found] = reproductions(url)
    assert (found.run, found.status, found.inputs) == ("run/other", "diverged", ["seeds"])


def test_a_tolerance_is_recorded_with_the_verdict(capsys: pytest.CaptureFixture[str], url: str):
    code, out, _ = run_cli(capsys, "reproduce", "run/a", "--judge", "run/other", "--tolerance", "0.1", "--json")
    found = parse_document("reproduce", out)["reproduction"]
    assert (code, found["status"], found["tolerance"], found["inputs"]) == (0, "verified", 0.1, ["seeds"])
    assert [found["at"]] == [reproduction.at for reproduction in reproductions(url)]


def test_the_document_of_a_verdict_tells_of_a_divergence_too(capsys: pytest.CaptureFixture[str], url: str):
    code, out, _ = run_cli(capsys, "reproduce", "run/a", "--judge", "run/other", "--json")
    document = parse_document("reproduce", out)
    assert (code, document["reproduction"]["status"], document["commands"]) == (1, "diverged", [])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--judge", "run/unended"], "run/unended has not ended"),
        (["--judge", "run/a"], "run/a is no reproduction of itself"),
        (["--judge", "run/sam"], "the log has no event of run/sam; did you mean `run/same`?"),
        (["--judge", "run/same", "--tolerance", "2"], "the tolerance is 2; allowed: 0 and more"),
        (["--judge", "run/same", "--tolerance", "nan"], "the tolerance is nan; allowed: 0 and more"),
        (["--judge", "run/same", "--launch"], "--launch and --judge exclude each other"),
        (["--judge", "run/same", "--allow-unpinned", "seeds"], "--allow-unpinned allows nothing there"),
        (["--tolerance", "0.1"], "--tolerance is of a verdict: give it with --launch or with --judge"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_a_mistake_is_one_line_and_nothing_is_recorded(
    capsys: pytest.CaptureFixture[str], url: str, arguments: list[str], message: str
):
    code, out, err = run_cli(capsys, "reproduce", "run/a", *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert reproductions(url) == []
