"""How a program has ended, as the event says that is recorded where the program itself recorded none."""

import pytest
from training_events.worker.ending import MAX_LINES, end_of


@pytest.fixture(name="output")
def _output(tmp_path):
    file = tmp_path / "output"
    file.write_text("of an earlier attempt\n" + "".join(f"epoch {number}\n" for number in range(100)))
    return file


@pytest.mark.parametrize(
    ("exit_code", "type_", "first_line"),
    [
        (3, "TrainingFailed", "the program ended with exit code 3: epoch 99"),
        (-9, "TrainingFailed", "the program was killed by SIGKILL: epoch 99"),
        (-11, "TrainingFailed", "the program was killed by SIGSEGV: epoch 99"),
    ],
)
def test_a_failure_tells_how_and_the_last_lines(output, exit_code, type_, first_line):
    end = end_of(exit_code, output, 0)
    assert end.type == type_
    assert end.data["error"].splitlines() == [
        first_line,
        "its last lines:",
        *(f"epoch {number}" for number in range(100 - MAX_LINES, 100)),
    ]


def test_what_an_earlier_attempt_printed_is_not_told(output):
    assert end_of(1, output, output.stat().st_size).data == {"error": "the program ended with exit code 1"}


@pytest.mark.parametrize(
    ("exit_code", "end"), [(0, ("TrainingCompleted", {})), (-15, ("TrainingStopped", {"reason": "SIGTERM"}))]
)
def test_a_program_that_came_to_its_end_or_was_asked_to_stop_has_not_failed(output, exit_code, end):
    found = end_of(exit_code, output, 0)
    assert (found.type, found.data) == end


def test_a_credential_that_the_program_printed_is_not_told(tmp_path):
    file = tmp_path / "output"
    file.write_text("connecting with password=hunter2hunter2\n")
    assert "hunter2" not in end_of(1, file, 0).data["error"]
