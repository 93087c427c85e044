"""Run events sent to a service: retried, in order, and from where an earlier export stopped."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

import pytest
from training_events.errors import Misused, NotTaken
from training_events.interchange.exports.cursor import Cursor
from training_events.interchange.exports.endpoint import ATTEMPTS, Endpoint, check_endpoint
from training_events.interchange.exports.lines import Line

LINES = [
    Line(f"2026-11-22T15:00:0{number}.000000Z run/a p-{number} 000", json.dumps({"n": number}).encode()) for number in range(4)
]


class Taken(NamedTuple):
    path: str
    headers: Any
    body: Any


class Service:
    """Answers each request with the next of these codes, then with 201; takes what it answers so."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.taken: list[Taken] = []
        self.requests = 0
        self.url = ""


@contextmanager
def running_service() -> Iterator[Service]:
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            service.requests += 1
            body = self.rfile.read(int(self.headers["Content-Length"]))
            code = service.answers.pop(0) if service.answers else 201
            if code < 300:
                service.taken.append(Taken(self.path, self.headers, json.loads(body)))
            self.send_response(code)
            self.end_headers()
            self.wfile.write(b"" if code < 300 else b"not today")

        def log_message(self, *_: object) -> None:
            """Nobody reads these lines."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def service() -> Iterator[Service]:
    with running_service() as service:
        yield service


def numbers(service: Service) -> list[int]:
    return [taken.body["n"] for taken in service.taken]


def cursor_in(folder: Path) -> Cursor:
    return Cursor.read(folder / "cursor", "openlineage")


def send(service: Service, cursor: Cursor, pause: Callable[[float], None] = lambda _: None) -> int:
    return Endpoint(service.url, "k3y", pause).send_all(LINES, cursor)


def test_each_line_is_a_request_to_where_openlineages_client_sends(service: Service, tmp_path: Path):
    assert send(service, cursor_in(tmp_path)) == 4
    assert numbers(service) == [0, 1, 2, 3]
    first = service.taken[0]
    assert first.path == "/api/v1/lineage"
    assert (first.headers["Content-Type"], first.headers["Authorization"]) == ("application/json", "Bearer k3y")


def test_what_is_refused_for_now_is_tried_again_after_longer_and_longer_pauses(service: Service, tmp_path: Path):
    service.answers = [503, 429, 201, 500]
    pauses: list[float] = []
    send(service, cursor_in(tmp_path), pauses.append)
    assert numbers(service) == [0, 1, 2, 3]
    assert pauses == [0.5, 1.0, 0.5]


def test_the_next_export_goes_on_where_this_one_stopped(service: Service, tmp_path: Path):
    service.answers = [201, 201, *[503] * ATTEMPTS]
    with pytest.raises(NotTaken, match=f"after {ATTEMPTS} of {ATTEMPTS} attempts: it answers 503: 'not today'"):
        send(service, cursor_in(tmp_path))
    assert send(service, cursor_in(tmp_path)) == 2
    assert numbers(service) == [0, 1, 2, 3]
    assert send(service, cursor_in(tmp_path)) == 0


def test_ctrl_c_is_no_loss_either(service: Service, tmp_path: Path):
    def press(_: float) -> None:
        raise KeyboardInterrupt

    service.answers = [201, 503]
    with pytest.raises(KeyboardInterrupt):
        send(service, cursor_in(tmp_path), press)
    assert send(service, cursor_in(tmp_path)) == 3
    assert numbers(service) == [0, 1, 2, 3]


def test_what_is_wrong_is_not_tried_again(service: Service, tmp_path: Path):
    service.answers = [400]
    with pytest.raises(NotTaken, match="after 1 of 5 attempts: it answers 400"):
        send(service, cursor_in(tmp_path))
    assert service.requests == 1


def test_a_service_that_is_not_there_is_told(tmp_path: Path):
    with running_service() as gone:
        pass
    with pytest.raises(NotTaken, match="Connection refused"):
        send(gone, cursor_in(tmp_path))


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://marquez:5000", "http://marquez:5000/api/v1/lineage"),
        ("https://example.com/", "https://example.com/api/v1/lineage"),
        ("https://example.com/lineage?a=b", "https://example.com/lineage?a=b"),
    ],
)
def test_an_address_without_a_path_gets_the_usual_one(url: str, address: str):
    assert check_endpoint(url) == address


@pytest.mark.parametrize("url", ["marquez:5000", "ftp://a", "http://", "http://a:b", "", "file:///etc/passwd"])
def test_what_is_no_address_is_told(url: str):
    with pytest.raises(Misused, match="allowed is http"):
        check_endpoint(url)


def test_a_password_has_no_place_in_an_address():
    with pytest.raises(Misused, match="OPENLINEAGE_API_KEY") as told:
        check_endpoint("https://ada:s3cret@example.com")
    assert "s3cret" not in str(told.value)
