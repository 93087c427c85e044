"""How commands end: with their own exit code, or with one line and the exit code of an error."""

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
def test_a_command_keeps_its_own_exit_code(code: int, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_command(lambda: code) == code
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (CommandError("it broke"), 1, "error: it broke\n"),
        (UsageError("no such thing"), 2, "error: no such thing\n"),
        (OSError(28, "No space left on device"), 1, "error: [Errno 28] No space left on device\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_an_error_that_ends_a_command_is_one_line_and_a_code(
    error: BaseException, code: int, message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_command(fails(error)) == code
    assert capfd.readouterr() == ("", message)


def test_a_mistake_in_the_program_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        run_command(fails(ZeroDivisionError()))


def test_a_command_that_gets_sigterm_cleans_up() -> None:
    done = []

    def command() -> int:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            done.append("cleaned up")
        return 0

    with pytest.raises(SystemExit) as ended:
        run_command(command)
    assert (ended.value.code, done) == (128 + signal.SIGTERM, ["cleaned up"])
