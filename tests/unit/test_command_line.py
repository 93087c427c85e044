"""How commands end: by their own exit code, or with one line and the code of what ended them."""

import os
import signal
from collections.abc import Callable

import pytest

from command_line import CommandError, UsageError, run_command


def fails(error: BaseException) -> Callable[[], int]:
    def command() -> int:
        raise error

    return command


@pytest.mark.parametrize("code", [0, 1, 2])
def test_a_command_has_its_own_exit_code(code: int, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_command(lambda: code) == code
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (CommandError("it broke"), 1, "error: it broke\n"),
        (UsageError("no such thing"), 2, "error: no such thing\n"),
        (OSError(28, "No space left on device"), 1, "error: [Errno 28] No space left on device\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_what_ends_a_command_is_one_line_and_a_code(
    error: BaseException, code: int, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_command(fails(error)) == code
    assert capfd.readouterr() == ("", said)


def test_a_mistake_in_the_program_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        run_command(fails(ZeroDivisionError()))


def test_a_command_that_is_told_to_end_cleans_up() -> None:
    done = []

    def command() -> int:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            done.append("cleaned up")
        return 0

    with pytest.raises(SystemExit) as left:
        run_command(command)
    assert (left.value.code, done) == (128 + signal.SIGTERM, ["cleaned up"])
