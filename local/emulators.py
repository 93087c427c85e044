"""The two emulators, started and stopped together: MiniStack for nearly all of AWS, moto for SageMaker and CloudWatch.

Both listen on the loopback address only and hold everything in memory. Their logs, temporary files and process ids are in
one folder.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from local.emulator import HERE, Emulator
from local.endpoints import ACCOUNT, LOOPBACK, Endpoints
from local.errors import LocalError, LocalUsageError
from local.installation import python_of_emulators

READY_SECONDS = 60.0
"""How long one may take until it answers: a second when warm, much more on a busy machine's first start."""


def script(name: str) -> str:
    """The path of a launcher beside this file, with nothing in it to be filled in."""
    return str(HERE / name).replace("{", "{{").replace("}", "}}")


MINISTACK = Emulator(
    name="ministack",
    port_variable="LOCAL_AWS_PORT",
    health="/_ministack/health",
    command=(script("ministack_server.py"),),
    settings={
        "GATEWAY_PORT": "{port}",
        "BIND_HOST": LOOPBACK,  # its default is every interface
        "AUTH": "true",  # IAM policies are enforced; the access key `test` is root
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": "{region}",
        "STATE_DIR": "{folder}/state",
        "S3_DATA_DIR": "{folder}/s3",
        "IOT_MTLS_ENABLED": "0",  # these two would open ports of their own
        "SFTP_ENABLED": "0",
        "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.2",  # AWS waits a minute, then two: too long for a test
        "LAMBDA_ASYNC_RETRY_MAX_SECONDS": "1",
    },
)
MOTO = Emulator(
    name="moto",
    port_variable="LOCAL_MOTO_PORT",
    health="/moto-api/",
    command=(script("moto_server.py"), "-H", LOOPBACK, "-p", "{port}"),
    settings={"MOTO_ACCOUNT_ID": ACCOUNT},
)
EMULATORS = (MINISTACK, MOTO)


@contextmanager
def emulators(region: str, folder: Path, build: Path) -> Iterator[Endpoints]:
    """Both emulators for as long as the block runs; they end with it or with this process, whichever comes first.

    Raises LocalUsageError for a port in use, LocalError when one does not start.
    """
    started: list[subprocess.Popen[bytes]] = []
    try:
        yield _start(region, folder, build, started, attached=True)
    finally:
        _end(started)


def start_detached(region: str, folder: Path, build: Path) -> Endpoints:
    """Both emulators, left running until `stop(folder)`. What an earlier start left half running is ended first."""
    stop(folder)
    started: list[subprocess.Popen[bytes]] = []
    try:
        return _start(region, folder, build, started, attached=False)
    except BaseException:
        _end(started)
        raise


def running(region: str, folder: Path) -> Endpoints | None:
    """The endpoints of the detached emulators in `folder`, or None unless both run and answer."""
    ports = []
    for emulator in EMULATORS:
        owner = emulator.owner(folder)
        if owner is None or not emulator.answers(owner[1]):
            return None
        ports.append(owner[1])
    return _endpoints(ports, region)


def stop(folder: Path) -> bool:
    """End the detached emulators in `folder` and the functions that they run; false if there were none."""
    groups = [owner[0] for emulator in EMULATORS if (owner := emulator.owner(folder))]
    for group in groups:
        # There is nothing in memory worth saving, and MiniStack takes two seconds for a polite end.
        os.killpg(group, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while any(emulator.owner(folder) for emulator in EMULATORS):
        if time.monotonic() > deadline:
            raise LocalError(f"the emulators (process groups {', '.join(map(str, groups))}) do not end")
        time.sleep(0.02)
    return bool(groups)


def _start(region: str, folder: Path, build: Path, started: list[subprocess.Popen[bytes]], *, attached: bool) -> Endpoints:
    """Start both side by side; each is in `started` as soon as it lives, so that the caller can end it."""
    python = python_of_emulators(build)
    ports = choose_ports()
    (folder / "tmp").mkdir(parents=True, exist_ok=True)
    for emulator, port in zip(EMULATORS, ports, strict=True):
        started.append(emulator.launch(python, port, region, folder, attached=attached))
    for emulator, port, process in zip(EMULATORS, ports, started, strict=True):
        emulator.wait_until_ready(port, process, folder, READY_SECONDS)
    return _endpoints(ports, region)


def _end(started: Sequence[subprocess.Popen[bytes]]) -> None:
    """End what this process started: its own children, not yet waited for, so their ids cannot be anyone else's."""
    for process in started:
        if process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):  # ended already; macOS says the latter
                os.killpg(process.pid, signal.SIGKILL)
    for process in started:
        process.wait()
        if process.stdin:
            process.stdin.close()


def choose_ports() -> list[int]:
    """A port for each emulator: the one that its variable names, else a free one. Raises LocalUsageError."""
    taken: list[socket.socket] = []
    try:
        for emulator in EMULATORS:
            taken.append(socket.socket())
            _take(taken[-1], emulator.port_variable)
        return [each.getsockname()[1] for each in taken]
    finally:
        for each in taken:
            each.close()


def _take(taken: socket.socket, variable: str) -> None:
    wanted = os.environ.get(variable) or "0"
    try:
        # A port that was in use a moment ago is free; one that is listened on is not.
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((LOOPBACK, int(wanted)))
        taken.listen(1)
    except (ValueError, OverflowError):
        raise LocalUsageError(f"{variable}={wanted}: a port is a number from 1 to 65535") from None
    except OSError as error:
        said = error.strerror or str(error)
        raise LocalUsageError(f"port {wanted} cannot be used ({said}): free it, or set {variable} to another") from None


def _endpoints(ports: Sequence[int], region: str) -> Endpoints:
    aws, moto = (f"http://{LOOPBACK}:{port}" for port in ports)
    return Endpoints(aws=aws, moto=moto, region=region)
