"""Emulators are found, started and stopped; harmless processes take their place here."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import emulators
from local.emulator import HERE, Emulator
from local.emulators import choose_ports, running, stop
from local.endpoints import Endpoints
from local.errors import LocalError, LocalUsageError
from local.installation import hold_lock
from tests.support.patience import PATIENCE_SECONDS, until

SLEEPER = "import subprocess, sys, time; subprocess.Popen(['sleep', '300']); print('up', flush=True); time.sleep(300)"


@pytest.fixture
def sleeper(tmp_path: Path) -> Emulator:
    program = tmp_path / "sleeper.py"
    program.write_text(SLEEPER)
    return Emulator("sleeper", "NO_PORT", "/", (str(program),), {})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "state"
    path.mkdir()
    return path


@pytest.fixture
def detached(sleeper: Emulator, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[bytes]]:
    monkeypatch.setattr(emulators, "EMULATORS", (sleeper,))
    process = sleeper.launch(Path(sys.executable), 7, "us-east-1", folder, attached=False)
    until(lambda: "up" in sleeper.log(folder).read_text())
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def group_is_gone(group: int) -> bool:
    """Whether no process of the group runs. A process that has ended, but was not waited for yet, does not count."""
    processes = subprocess.run(["ps", "-e", "-o", "pgid=,stat="], capture_output=True, text=True, check=True).stdout
    return not any(line.split()[0] == str(group) and "Z" not in line.split()[1] for line in processes.splitlines())


def test_a_detached_emulator_is_found_and_stopped_with_what_it_started(
    detached: subprocess.Popen[bytes], sleeper: Emulator, folder: Path
) -> None:
    assert sleeper.owner(folder) == (detached.pid, 7)

    assert stop(folder) is True

    assert detached.wait(PATIENCE_SECONDS) == -signal.SIGKILL
    until(lambda: group_is_gone(detached.pid))
    assert stop(folder) is False


def test_a_recycled_process_id_is_never_killed(folder: Path) -> None:
    stranger = subprocess.Popen(["sleep", "300"], start_new_session=True)
    try:
        (folder / "ministack.pid").write_text(f"{stranger.pid} 4566\n")

        assert running("us-east-1", folder) is None
        assert stop(folder) is False
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_an_emulator_that_does_not_answer_does_not_count_as_running(detached: subprocess.Popen[bytes], folder: Path) -> None:
    assert detached.poll() is None
    assert running("us-east-1", folder) is None


def test_an_attached_emulator_ends_with_its_starter_even_if_that_is_killed(
    tmp_path: Path, folder: Path, sleeper: Emulator
) -> None:
    starter = (
        "import sys, time; from pathlib import Path; from local.emulator import Emulator;"
        f"e = Emulator('sleeper', 'NO_PORT', '/', ({sleeper.command[0]!r},), {{}});"
        f"p = e.launch(Path(sys.executable), 7, 'r', Path({str(folder)!r}), attached=True); time.sleep(300)"
    )
    parent = subprocess.Popen([sys.executable, "-c", starter], cwd=HERE.parent)
    try:
        until(lambda: sleeper.log(folder).is_file() and "up" in sleeper.log(folder).read_text())
        owner = sleeper.owner(folder)
        assert owner is not None
    finally:
        parent.kill()
        parent.wait()
    until(lambda: sleeper.owner(folder) is None)
    until(lambda: group_is_gone(owner[0]))


def test_a_crash_during_the_start_leaves_no_process_behind(
    tmp_path: Path, folder: Path, sleeper: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    crasher = tmp_path / "crasher.py"
    crasher.write_text("raise SystemExit('no room')")
    broken = Emulator("crasher", "NO_PORT", "/", (str(crasher),), {})
    monkeypatch.setattr(emulators, "EMULATORS", (broken, sleeper))
    monkeypatch.setattr(emulators, "python_of_emulators", lambda _build: Path(sys.executable))

    with (
        pytest.raises(LocalError, match=r"crasher ended while starting: no room \(log: .*crasher.log\)"),
        emulators.emulators("us-east-1", folder, tmp_path),
    ):
        pytest.fail("it did not start")

    assert sleeper.owner(folder) is None


def test_an_emulator_gets_only_the_path_of_this_environment(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    program = tmp_path / "printer.py"
    program.write_text("import os; print(sorted(os.environ), os.environ['WHERE'])")
    printer = Emulator("printer", "NO_PORT", "/", (str(program),), {"WHERE": "{port} {region}"})

    printer.launch(Path(sys.executable), 7, "eu-west-1", folder, attached=False).wait(PATIENCE_SECONDS)

    printed = printer.log(folder).read_text()
    assert "AWS_PROFILE" not in printed
    assert printed.endswith("7 eu-west-1\n")


def test_a_port_in_use_names_the_port_and_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("LOCAL_MOTO_PORT", str(port))
        with pytest.raises(LocalUsageError, match=f"port {port} cannot be used .* set LOCAL_MOTO_PORT"):
            choose_ports()


@pytest.mark.parametrize("value", ["http", "99999", "-1"])
def test_a_port_that_is_not_a_number_in_range_is_an_error(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_AWS_PORT", value)
    with pytest.raises(LocalUsageError, match=f"LOCAL_AWS_PORT={value}"):
        choose_ports()


def test_without_variables_two_different_ports_are_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOCAL_AWS_PORT", raising=False)
    monkeypatch.delenv("LOCAL_MOTO_PORT", raising=False)
    assert len(set(choose_ports())) == 2


def test_the_environment_has_no_setting_that_leads_to_another_account() -> None:
    base = {"AWS_PROFILE": "production", "AWS_SESSION_TOKEN": "x", "AWS_ENDPOINT_URL_S3": "y", "HOME": "/h", "NO_PROXY": "a"}

    environment = Endpoints("http://127.0.0.1:1", "http://127.0.0.1:2", "eu-west-1").environment(base)

    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"} & environment.keys()
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert environment["AWS_ENDPOINT_URL_SAGEMAKER"] == environment["AWS_ENDPOINT_URL_CLOUDWATCH"] == "http://127.0.0.1:2"
    assert environment["AWS_REGION"] == "eu-west-1"
    assert environment["NO_PROXY"] == "a,127.0.0.1,localhost"
    assert environment["HOME"] == "/h"


def test_a_lock_that_another_process_holds_is_an_error_of_one_line(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with (
            pytest.raises(LocalUsageError, match="somebody"),
            hold_lock(tmp_path / "lock", busy="somebody else works on it"),
        ):
            pytest.fail("two processes hold the lock")
