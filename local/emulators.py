"""The two emulators, started and stopped together: MiniStack for nearly all of AWS, moto for SageMaker and CloudWatch.

Both listen on the loopback address only, and keep everything in memory. Their logs, temporary files and pid files are in one
folder.
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
"""How long an emulator may take until it answers: usually a second, but much longer at the first start on a busy machine."""


def script(name: str) -> str:
    """The path of a script beside this file, with its braces escaped, so that nothing in it is filled in."""
    return str(HERE / name).replace("{", "{{").replace("}", "}}")


MINISTACK = Emulator(
    name="ministack",
    port_variable="LOCAL_AWS_PORT",
    health="/_ministack/health",
    command=(script("ministack_server.py"),),
    settings={
        "GATEWAY_PORT": "{port}",
        "BIND_HOST": LOOPBACK,  # the default is every interface
        "AUTH": "true",  # IAM policies are enforced; the access key `test` is root
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": "{region}",
        "STATE_DIR": "{folder}/state",
        "S3_DATA_DIR": "{folder}/s3",
        "IOT_MTLS_ENABLED": "0",  # these two services would open ports of their own
        "SFTP_ENABLED": "0",
        "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.2",  # AWS waits a minute, then two: too long for a test
        "LAMBDA_ASYNC_RETRY_MAX_SECONDS": "1",
        "AWS_ENDPOINT_URL_SAGEMAKER": f"http://{LOOPBACK}:{{moto_port}}",  # for functions, which inherit it
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
    """Run both emulators while the block runs. They end with the block or with this process, whichever ends first.

    Raises LocalUsageError if a port is in use, LocalError if an emulator does not start.
    """
    started: list[subprocess.Popen[bytes]] = []
    try:
        yield _start(region, folder, build, started, attached=True)
    finally:
        _end(started)


def start_detached(region: str, folder: Path, build: Path) -> Endpoints:
    """Start both emulators, which run until `stop(folder)`. First stop what an earlier start may have left running."""
    stop(folder)
    started: list[subprocess.Popen[bytes]] = []
    try:
        return _start(region, folder, build, started, attached=False)
    except BaseException:
        _end(started)
        raise


def running(region: str, folder: Path) -> Endpoints | None:
    """The endpoints of the detached emulators in `folder`; None unless both run and answer."""
    ports = []
    for emulator in EMULATORS:
        owner = emulator.owner(folder)
        if owner is None or not emulator.answers(owner.port):
            return None
        ports.append(owner.port)
    return _endpoints(ports, region)


def stop(folder: Path) -> bool:
    """Stop the detached emulators in `folder` and the functions that they run. False if none ran."""
    groups = [owner.pid for emulator in EMULATORS if (owner := emulator.owner(folder))]
    for group in groups:
        # Killed at once: nothing in memory is worth saving, and MiniStack would take two seconds to end in order.
        os.killpg(group, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while any(emulator.owner(folder) for emulator in EMULATORS):
        if time.monotonic() > deadline:
            raise LocalError(f"the emulators (process groups {', '.join(map(str, groups))}) do not end")
        time.sleep(0.02)
    return bool(groups)


def _start(region: str, folder: Path, build: Path, started: list[subprocess.Popen[bytes]], *, attached: bool) -> Endpoints:
    """Start both at the same time. Each is added to `started` as soon as it runs, so that the caller can end it."""
    python = python_of_emulators(build)
    ports = choose_ports()
    (folder / "tmp").mkdir(parents=True, exist_ok=True)
    by_name = {emulator.name: port for emulator, port in zip(EMULATORS, ports, strict=True)}
    for emulator, port in zip(EMULATORS, ports, strict=True):
        started.append(emulator.launch(python, port, region, folder, attached=attached, others=by_name))
    for emulator, port, process in zip(EMULATORS, ports, started, strict=True):
        emulator.wait_until_ready(port, process, folder, READY_SECONDS)
    return _endpoints(ports, region)


def _end(started: Sequence[subprocess.Popen[bytes]]) -> None:
    """End the processes that this process started. It has not waited for them yet, so nobody else can have their ids."""
    for process in started:
        if process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):  # it has ended already; the second error is macOS's
                os.killpg(process.pid, signal.SIGKILL)
    for process in started:
        process.wait()
        if process.stdin:
            process.stdin.close()


def choose_ports() -> list[int]:
    """A port for each emulator: the one in its variable, or a free one. Raises LocalUsageError."""
    sockets: list[socket.socket] = []
    try:
        for emulator in EMULATORS:
            sockets.append(socket.socket())
            _bind(sockets[-1], emulator.port_variable)
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _bind(free: socket.socket, variable: str) -> None:
    wanted = os.environ.get(variable) or "0"
    try:
        # With this option, a port that was in use a moment ago counts as free, but not one on which somebody listens.
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind((LOOPBACK, int(wanted)))
        free.listen(1)
    except (ValueError, OverflowError):
        raise LocalUsageError(f"{variable}={wanted}: a port is a number from 1 to 65535") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise LocalUsageError(f"port {wanted} cannot be used ({reason}): free it, or set {variable} to another") from None


def _endpoints(ports: Sequence[int], region: str) -> Endpoints:
    aws, moto = (f"http://{LOOPBACK}:{port}" for port in ports)
    return Endpoints(aws=aws, moto=moto, region=region)
