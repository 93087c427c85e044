"""`mlflow server` over a log, as a process of its own: for MLflow's client, for raw requests, and for its page in a browser."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.environment import without_aws
from tests.support.patience import PATIENCE_SECONDS, until

_ANSWER = re.compile(r'"(?P<request>[A-Z]+ .+) HTTP/1\.\d" (?P<status>\d{3})')
_REQUEST_SECONDS = 120.0


class Answer(NamedTuple):
    """What the server says to a request: its status, and its body, parsed if it is JSON."""

    status: int
    body: Any


class MlflowServer(NamedTuple):
    """`address` has no slash at its end; the server writes to `log`."""

    address: str
    log: Path

    def get(self, path: str) -> Answer:
        return self._asked("GET", path)

    def post(self, path: str, **body: Any) -> Answer:
        return self._asked("POST", path, json.dumps(body).encode(), "application/json")

    def put(self, path: str, content: bytes) -> Answer:
        return self._asked("PUT", path, content, "application/octet-stream")

    def delete(self, path: str) -> Answer:
        return self._asked("DELETE", path, b"{}", "application/json")

    def failures(self) -> list[str]:
        """The requests so far that the server answered with an error of its own."""
        answers = _ANSWER.finditer(self.log.read_text(encoding="utf-8"))
        return [f"{answer['request']}: {answer['status']}" for answer in answers if answer["status"].startswith("5")]

    def _asked(self, method: str, path: str, body: bytes | None = None, type_: str | None = None) -> Answer:
        host = self.address.removeprefix("http://")
        with closing(HTTPConnection(host, timeout=_REQUEST_SECONDS)) as connection:
            connection.request(method, path, body, {} if type_ is None else {"Content-Type": type_})
            reply = connection.getresponse()
            return Answer(reply.status, _parsed(reply.read()))


@contextmanager
def running_mlflow(store: str, folder: Path) -> Iterator[MlflowServer]:
    """A server on a port that is free, with its log in this folder. It keeps artifacts in the same store."""
    log, port = folder / "mlflow-server.log", _free_port()
    stores = ["--backend-store-uri", store, "--artifacts-destination", store]
    command = [sys.executable, "-m", "mlflow", "server", *stores, "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=_environment(folder), start_new_session=True)
    server = MlflowServer(f"http://127.0.0.1:{port}", log)
    try:
        until(lambda: process.poll() is not None or _is_up(server))
        assert process.poll() is None, log.read_text(encoding="utf-8")
        yield server
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _environment(folder: Path) -> dict[str, str]:
    """Nothing is sent anywhere, and what the server cannot send waits in the folder."""
    switches = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    return without_aws(**switches, NO_PROXY="127.0.0.1", TRAINING_EVENTS_SPOOL=str(folder / "spool"))


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def _is_up(server: MlflowServer) -> bool:
    try:
        return server.get("/health").status == 200
    except (OSError, HTTPException):
        return False


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body
