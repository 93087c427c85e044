"""What `training_events` shows to people who import it: all that is meant for them, and nothing else."""

import re
import subprocess
import sys
from typing import TYPE_CHECKING, assert_type

import pytest
import training_events
from training_events import errors
from training_events.bus.publisher import NotPublished
from training_events.folds.run_state import Status

if TYPE_CHECKING:  # mypy holds these lines, nothing runs them
    assert_type(training_events.record_run(model="digits"), training_events.Run)
    assert_type(training_events.register_dataset("digits.npz"), training_events.Stored | None)
    assert_type(training_events.open_log().run("digits-7").status, Status)
    assert_type(training_events.__version__, str)
    training_events.no_such_name  # type: ignore[attr-defined]  # noqa: B018
    training_events.record_run(modell="digits")  # type: ignore[call-arg]


@pytest.mark.parametrize("name", training_events.__all__)
def test_every_public_name_is_there(name):
    assert getattr(training_events, name) is not None


def test_dir_shows_the_public_names_and_nothing_else():
    assert dir(training_events) == sorted(training_events.__all__)


def test_a_name_that_is_not_public_is_no_attribute():
    with pytest.raises(AttributeError, match="module 'training_events' has no attribute 'Journal'"):
        _ = training_events.Journal  # type: ignore[attr-defined]


def test_importing_the_package_imports_nothing_that_takes_time():
    script = (
        "import sys, training_events; print(sorted({'botocore', 'msgspec', 'training_events.errors'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def drawn_tree():
    """The lines of the drawing: depth, name, and what stands behind the name."""
    for line in (errors.__doc__ or "").splitlines():
        if match := re.fullmatch(r"    ((?:│   |    )*)([├└]── )?(\w+)( .*)?", line):
            branches, branch, name, note = match.groups()
            yield len(branches) // 4 + bool(branch), name, (note or "").strip()


def real_tree(error, depth=0):
    yield depth, error.__name__
    for child in error.__subclasses__():
        yield from real_tree(child, depth + 1)


def test_the_drawing_of_the_errors_is_the_tree_of_the_classes():
    assert NotPublished.__base__ is errors.TrainingEventsError
    assert [(depth, name) for depth, name, _ in drawn_tree()] == list(real_tree(errors.TrainingEventsError))


def test_the_errors_with_a_star_are_the_public_ones():
    public = {name for name in training_events.__all__ if name in vars(errors)}
    assert {name for _, name, note in drawn_tree() if note == "*"} == public
