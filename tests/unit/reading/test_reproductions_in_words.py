"""How people are told of a training that was refused, of what caused it, and of runs that were done again."""

from typing import Any

import pytest
from training_events.folds import fold
from training_events.folds.dataset import DatasetState
from training_events.folds.run_state import RunState
from training_events.notebook.run_card import run_card
from training_events.pages.page import Asked, Page
from training_events.pages.sections.dataset import dataset_versions_section
from training_events.pages.sections.summary import summary_section
from training_events.pages.shown_stream import shown_stream
from training_events.reading.wording.reproduction import (
    MAX_REPRODUCTIONS,
    cause_text,
    refusal_text,
    reproduction_lines,
)
from training_events.reading.wording.run import last_sign

from tests.support.command_line import run_cli
from tests.support.pages import html_of, shown_log, text_of

STREAM = "run/digits-7"
ENDED: list[tuple[str, dict[str, Any]]] = [("TrainingStarted", {}), ("TrainingCompleted", {})]
DIVERGED = ("ReproductionDiverged", {"run": "run/b", "explanation": "loss parts at step 120; packages: numpy 2.1 → 2.3"})
VERIFIED = ("ReproductionVerified", {"run": "run/c", "metrics": 3})
CAUSE = {"stream": "dataset/digits", "event_id": "e-1", "occurred_at": "2026-11-22T15:00:00.000000Z"}
REQUESTED = ("TrainingRequested", {"recipe": "digits", "caused_by": CAUSE, "reproduces": "run/z"})
REFUSED = ("TrainingRefused", {"reason": "invalid_request", "field": "RoleArn", "explanation": "is not there"})


def at(second):
    return f"2026-11-22T15:{second // 60:02d}:{second % 60:02d}.000000Z"


def log_of(tmp_path, *facts, stream=STREAM):
    return shown_log(tmp_path, *((stream, type_, at(second), data) for second, (type_, data) in enumerate(facts)))


def state_of(tmp_path, *facts) -> RunState:
    return fold(RunState(STREAM), log_of(tmp_path, *facts).log.entries(STREAM))


def test_each_run_that_did_it_again_is_a_line_the_newest_first(tmp_path):
    state = state_of(tmp_path, *ENDED, ("ReproductionRequested", {"run": "run/a"}), DIVERGED, VERIFIED)
    assert reproduction_lines(state) == [
        "reproduced by run/c: verified",
        "reproduced by run/b: diverged: loss parts at step 120; packages: numpy 2.1 → 2.3",
        "to be reproduced by run/a: no verdict yet",
    ]


def test_of_many_the_newest_are_told(tmp_path):
    many = [("ReproductionVerified", {"run": f"run/r-{number}"}) for number in range(MAX_REPRODUCTIONS + 2)]
    lines = reproduction_lines(state_of(tmp_path, *many))
    assert (lines[0], lines[-1], len(lines)) == ("reproduced by run/r-11: verified", "and by 2 more", MAX_REPRODUCTIONS + 1)


def test_a_refusal_and_a_cause_are_a_line_each(tmp_path):
    refused = state_of(tmp_path, REQUESTED, REFUSED, ("Tagged", {"tags": {"a": 1}}))
    assert refusal_text(refused) == "invalid_request: RoleArn: is not there"
    assert cause_text(refused) == "dataset/digits, event e-1, at 2026-11-22T15:00:00.000000Z"
    assert last_sign(refused, at(61)) == "refused 1 min ago"


def test_without_them_there_are_none(tmp_path):
    state = state_of(tmp_path, *ENDED)
    assert (refusal_text(state), cause_text(state), reproduction_lines(state)) == (None, None, [])


def test_show_tells_them(tmp_path, capsys):
    log_of(tmp_path, REQUESTED, *ENDED, VERIFIED, DIVERGED)
    _, out, _ = run_cli(capsys, "show", STREAM, "--log", f"sqlite:///{tmp_path}/log.db")
    shown = " ".join(out.split())
    assert "reproduces run/z" in shown
    assert "reproductions reproduced by run/b: diverged: loss parts at step 120; packages: numpy 2.1 → 2.3" in shown
    assert "reproduced by run/c: verified" in shown
    assert "recipe digits caused by dataset/digits, event e-1" in shown


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (
            [REQUESTED, *ENDED, VERIFIED],
            ["reproduced by run/c: verified", "run/z", "Recipe digits", "dataset/digits, event e-1"],
        ),
        ([REQUESTED, REFUSED], ["refused", "Refused: invalid_request: RoleArn: is not there"]),
    ],
)
def test_the_page_and_the_report_tell_them(tmp_path, facts, words):
    section = summary_section(shown_stream(log_of(tmp_path, *facts), STREAM, Asked()))
    shown = text_of(html_of(Page("a", "run", [section])))
    assert [word for word in words if word not in shown] == []


def test_the_card_of_a_notebook_tells_the_newest(tmp_path):
    card = run_card(state_of(tmp_path, REQUESTED, *ENDED, DIVERGED, VERIFIED))
    assert "reproduced by run/c: verified" in card
    assert "reproduces run/z" in card
    assert "run/b" not in card


def test_a_refused_training_is_a_card_with_its_reason(tmp_path):
    assert "refused: invalid_request" in run_card(state_of(tmp_path, REQUESTED, REFUSED))


def test_a_version_of_a_dataset_is_shown_with_the_run_that_made_it(tmp_path):
    log = log_of(tmp_path, ("DatasetRegistered", {"uri": "s3://b/d", "run": "run/clean-3"}), stream="dataset/d")
    section = dataset_versions_section(fold(DatasetState("dataset/d"), log.log.entries("dataset/d")))
    assert "made by run/clean-3" in text_of(html_of(Page("a", "dataset", [section])))
