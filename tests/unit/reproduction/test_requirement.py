"""The line by which a recorded package is installed: one package, whatever somebody has recorded."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_events import folds
from training_events.errors import NotLaunched
from training_events.folds.run_state import RunState
from training_events.reproduction.by_hand import commands
from training_events.reproduction.requirement import requirement

from tests.support.command_line import make_event
from tests.support.fakes import InMemoryLog


def place_of(path: Path) -> Path | None:
    return Path("/clone") / path.relative_to("/home/ada/digits") if path.is_relative_to("/home/ada/digits") else None


@pytest.mark.parametrize(
    ("direct", "line"),
    [
        (None, "mine==1.0"),
        ("git+https://example.org/mine@0123abc", "mine @ git+https://example.org/mine@0123abc"),
        ("editable file:///home/ada/digits/mine", "--editable file:///clone/mine"),
        ("file:///home/ada/mine-1.0-py3-none-any.whl", "mine @ file:///home/ada/mine-1.0-py3-none-any.whl"),
    ],
)
def test_a_package_comes_from_where_it_came_and_a_folder_of_the_code_from_the_clone(direct: str | None, line: str):
    assert requirement("mine", "1.0", direct, place_of) == line


@given(st.text(), st.text(), st.none() | st.text() | st.text().map("git+https://e.org/x@{}".format))
def test_whatever_is_recorded_is_one_line_or_refused(name: str, version: str, direct: str | None):
    try:
        line = requirement(name, version, direct, place_of)
    except NotLaunched:
        return
    words = line.split()
    assert " ".join(words) == line
    assert len(words) <= 3
    assert not name.startswith("-")


def test_no_recorded_name_gets_into_a_command_that_people_paste():
    log = InMemoryLog()
    log.append(make_event("run/a", "TrainingStarted", 1, packages={"x\nEND\ntouch /tmp/taken": "1.0"}))
    state = folds.fold(folds.empty("run/a"), log.entries("run/a"))
    assert isinstance(state, RunState)
    with pytest.raises(NotLaunched, match=r"cannot be installed: that is no package's name, version or address"):
        commands(state, new_run="a-again", log="sqlite:///log.db")
