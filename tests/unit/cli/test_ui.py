"""`training-events ui`: what it prints, where it listens, how it ends."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from training_events.pages import extra

from tests.support.command_line import make_event, parse_document, record_events, run_cli
from tests.support.patience import PATIENCE_SECONDS

_PROGRAM = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"  # a test run in the background has none
    "from training_events.cli import main; main()"
)


@pytest.fixture
def log(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/log.db"
    record_events(url, [make_event("run/a", "TrainingStarted", model="digits")])
    return url


@contextmanager
def running(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command in a process of its own, once its pages are there, and what it has printed by then."""
    command = [sys.executable, "-c", _PROGRAM, "ui", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as ui:
        try:
            assert ui.stdout is not None
            yield ui, ui.stdout.readline()
        finally:
            ui.kill()


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # to this machine no proxy leads


def get(address: str) -> str:
    with _OPENER.open(address, timeout=PATIENCE_SECONDS) as answer:
        return str(answer.read().decode())


@pytest.mark.slow
def test_it_serves_until_ctrl_c(log: str):
    with running("--log", log, "--port", "0", "--json") as (ui, printed):
        document = parse_document("ui", printed)
        assert document["log"] == log
        assert "digits" in get(f"{document['address']}run/a")
        with _OPENER.open(f"{document['address']}live?stream=run/a", timeout=PATIENCE_SECONDS) as live:
            assert live.readline() == b"retry: 2000\n"
            ui.send_signal(signal.SIGINT)  # while somebody listens
            assert ui.wait(PATIENCE_SECONDS) == 130
        assert ui.stderr is not None
        assert ui.stderr.read() == ""


@pytest.mark.slow
def test_beyond_this_machine_the_address_has_the_token(log: str):
    with running("--log", log, "--port", "0", "--host", "0.0.0.0", "--json") as (_, printed):  # noqa: S104
        address, _, token = json.loads(printed)["address"].partition("?token=")
        assert len(token) >= 40
        port = address.rpartition(":")[2].strip("/")
        with pytest.raises(urllib.error.HTTPError, match="401"):
            get(f"http://127.0.0.1:{port}/run/a")


def test_a_port_that_is_taken_is_one_line(capsys, log: str):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, out, err = run_cli(capsys, "ui", "--log", log, "--port", port)
    assert (code, out) == (1, "")
    assert f"port {port} of 127.0.0.1 is taken" in err


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid", "a..b", ""])
def test_an_address_of_another_machine_is_the_callers_mistake(capsys, log: str, host: str):
    code, out, err = run_cli(capsys, "ui", "--log", log, "--host", host)
    assert (code, out) == (2, "")
    assert f"{host!a} is no address of this machine" in err


def test_a_log_that_is_not_there_is_said_before_anything_is_served(capsys, tmp_path: Path):
    code, out, err = run_cli(capsys, "ui", "--log", f"sqlite:///{tmp_path}/none.db")
    assert (code, out) == (2, "")
    assert "there is no event log" in err


def test_the_extra_that_is_missing_is_one_line(capsys, monkeypatch, log: str):
    monkeypatch.setattr(extra, "find_spec", lambda package: None if package == "uvicorn" else object())
    assert run_cli(capsys, "ui", "--log", log) == (
        2,
        "",
        "training-events: pages need uvicorn: pip install 'training-events[ui]'\n",
    )
