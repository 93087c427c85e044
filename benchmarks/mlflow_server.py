"""MLflow's server over a SQLite store, in MLflow's environment: what its pages ask for their JSON."""

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measure import seconds

_PATIENCE_SECONDS = 300.0


@contextmanager
def mlflow_server(python: Path, store: Path) -> Iterator[str]:
    """The address of a server with one worker, until the block ends. `store` is the SQLite file."""
    address = f"127.0.0.1:{_free_port()}"
    host, port = address.split(":")
    command = [str(python), "-m", "mlflow", "server", "--backend-store-uri", f"sqlite:///{store}"]
    command += ["--host", host, "--port", port, "--workers", "1"]
    # jobs are no part of what is measured, and need a package of their own
    environment = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    log = store.with_suffix(".log")
    with log.open("w", encoding="utf-8") as output:
        server = subprocess.Popen(command, stdout=output, stderr=output, env=environment, cwd=store.parent)
    try:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not _answers(f"http://{address}/health"):
            if server.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"MLflow's server did not start: {log.read_text(encoding='utf-8')[-2000:]}")
            time.sleep(0.2)
        yield f"http://{address}"
    finally:
        server.terminate()
        server.wait()


def seconds_of_request(address: str, body: bytes | None = None) -> float:
    """How long an answer takes to its last byte. With a body the request is a POST of JSON."""
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})  # noqa: S310 - http, of this machine

    def ask() -> None:
        with urllib.request.urlopen(request, timeout=_PATIENCE_SECONDS) as answer:  # noqa: S310
            answer.read()

    return seconds(ask)


def _answers(address: str) -> bool:
    try:
        seconds_of_request(address)
    except (urllib.error.URLError, ConnectionError):
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
