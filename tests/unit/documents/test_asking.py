"""The guide on asking: each of its questions, in Python and as a command, gives the answer that it shows."""

import doctest
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import training_events as te

from tests.support.environment import without_aws
from tests.support.guide_log import make_guide_log
from tests.support.paths import ROOT

GUIDE = (ROOT / "docs" / "guides" / "asking.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.+?)(?=^## |\Z)", GUIDE, re.MULTILINE | re.DOTALL))
"""The text of each section, by its heading."""
PROGRAMS = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def blocks(language: str, section: str) -> list[str]:
    return re.findall(rf"```{language}\n(.+?)```", SECTIONS[section], re.DOTALL)


IN_PYTHON = [section for section in SECTIONS if blocks("pycon", section)]
AS_COMMANDS = [section for section in SECTIONS if blocks("console", section)]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('guide')}/training-events.db"
    make_guide_log(url, datetime.now(UTC))
    return url


@pytest.mark.parametrize("section", IN_PYTHON)
def test_a_question_in_python_has_the_answer_that_the_guide_shows(log: str, section: str) -> None:
    with te.open_log(log) as opened:
        for number, block in enumerate(blocks("pycon", section)):
            test = doctest.DocTestParser().get_doctest(block, {"te": te, "log": opened}, f"{section} {number}", None, 0)
            told: list[str] = []
            doctest.DocTestRunner(verbose=False).run(test, out=told.append)
            assert not told, "".join(told)


@pytest.mark.parametrize("section", AS_COMMANDS)
def test_a_question_as_a_command_has_the_answer_that_the_guide_shows(log: str, section: str) -> None:
    environment = without_aws(TRAINING_EVENTS_LOG=log, PATH=PROGRAMS)
    for block in blocks("console", section):
        for command, answer in re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
            shell = ["bash", "-c", command]
            done = subprocess.run(shell, env=environment, capture_output=True, text=True, check=False)
            assert (done.returncode, done.stderr, done.stdout) == (0, "", answer), command


def test_every_question_is_asked_in_both_ways() -> None:
    assert IN_PYTHON == AS_COMMANDS
