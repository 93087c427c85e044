"""A server on this machine that speaks PutEvents as EventBridge does, with its limits, and misbehaves as it is told.

moto speaks PutEvents as well, but knows no limit of bytes and never cuts a connection in the middle of a reply.

Programs in processes of their own reach it by the SDK's variables (`environment`). It keeps the entries it accepted and hands
them to an event log when asked, as the event processor would; so it costs little while somebody publishes at full speed.
"""

import itertools
import json
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import msgspec
from training_events.bus.envelope import decode
from training_events.stores.event_log import Appended, EventLog
from training_events.times import now

MAX_ENTRIES = 10
MAX_REQUEST_BYTES = 256 * 1024
"""EventBridge's limit until it was raised to 1 MB: what the recorder promises to keep to."""
_REQUIRED = ("Source", "DetailType", "Detail")
_PLACE = "127.0.0.1"


class BusServer:
    """The bus, open while it is entered. `requests` counts those that reached it, `accepted` entries, `bytes` their details."""

    def __init__(self) -> None:
        self.requests = self.accepted = self.bytes = 0
        self.envelopes: list[dict[str, Any]] = []
        self.closing = threading.Event()
        self._plan: Iterator[Fault] = iter(())
        self._lock = threading.Lock()
        self._handed_over = 0
        self._holder = _hold(0)
        self.port: int = self._holder.getsockname()[1]
        self._server: _Server | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make a program publish here."""
        return {
            "AWS_ENDPOINT_URL_EVENTBRIDGE": f"http://{_PLACE}:{self.port}",
            "AWS_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "TRAINING_EVENTS_BUS": "training",
        }

    def __enter__(self) -> Self:
        self.accept_connections()
        return self

    def __exit__(self, *_: object) -> None:
        self.refuse_connections()
        self._holder.close()

    def misbehave(self, *faults: "Fault | Iterator[Fault]") -> None:
        """What to do to the next requests, one fault each, an iterator's in their turn; behind them it is well again."""
        one_by_one = (iter([fault]) if callable(fault) else fault for fault in faults)
        self._plan = itertools.chain.from_iterable(one_by_one)

    def refuse_connections(self) -> None:
        """As when nothing is there: open connections break, new ones are refused; the port stays reserved."""
        if self._server is not None:
            self.closing.set()
            self._server.end()
            self._server = None
            self._holder = _hold(self.port)

    def accept_connections(self) -> None:
        if self._server is not None:
            return
        self.closing.clear()
        self._holder.close()
        self._server = _Server((_PLACE, self.port), self)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def hand_over(self, log: EventLog) -> list[Appended]:
        """Append what was accepted since the last time, as the event processor does. Raises what says it can't be recorded."""
        with self._lock:
            fresh, self._handed_over = self.envelopes[self._handed_over :], len(self.envelopes)
        return [log.append(decode(envelope)) for envelope in fresh]

    def next_fault(self) -> "Fault":
        with self._lock:
            self.requests += 1
            return next(self._plan, well)

    def accept(self, entries: list[dict[str, Any]]) -> list[str]:
        """Keep the entries; their ids."""
        kept = [_envelope(entry) for entry in entries]
        with self._lock:
            self.envelopes += kept
            self.accepted += len(kept)
            self.bytes += sum(len(one["detail"].encode()) for one in kept)
        return [one["id"] for one in kept]


class Exchange(BaseHTTPRequestHandler):
    """One request after the other on one connection; a fault says what becomes of each."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # a whole reply in one piece
    disable_nagle_algorithm = True
    server: "_Server"
    entries: list[dict[str, Any]]

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        fault = self.server.bus.next_fault()
        assert self.headers["X-Amz-Target"] == "AWSEvents.PutEvents", self.headers
        self.entries = json.loads(content)["Entries"]
        sizes = [_entry_bytes(entry) for entry in self.entries]
        if not 1 <= len(sizes) <= MAX_ENTRIES:
            self.refuse("ValidationException", f"{len(sizes)} entries: between 1 and {MAX_ENTRIES} are allowed")
        elif sum(sizes) > MAX_REQUEST_BYTES:
            self.refuse("ValidationException", "Total size of the entries in the request is over the limit.")
        else:
            fault(self)

    def apply(self, refused: Callable[[int], str | None] = lambda _: None) -> dict[str, Any]:
        """Accept the entries but those `refused` gives an error code for, and those that can't be; the reply's document."""
        codes = [refused(number) or _flaw(entry) for number, entry in enumerate(self.entries)]
        ids = iter(self.server.bus.accept([entry for entry, code in zip(self.entries, codes, strict=True) if code is None]))
        answers = [{"ErrorCode": code, "ErrorMessage": "refused"} if code else {"EventId": next(ids)} for code in codes]
        return {"FailedEntryCount": len(codes) - codes.count(None), "Entries": answers}

    def refuse(self, code: str, message: str, status: int = 400) -> None:
        self.answer({"__type": code, "message": message}, status)

    def answer(self, document: dict[str, Any], status: int = 200, *, whole: bool = True) -> None:
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
        self.end_headers()
        self.wfile.write(content if whole else content[: len(content) // 2])
        self.wfile.flush()
        self.close_connection |= not whole

    def hang_up(self) -> None:
        self.close_connection = True

    def wait(self, over: threading.Event | float) -> None:
        """Until it is set, or for so many seconds; not longer than the bus is there."""
        if isinstance(over, threading.Event):
            while not (over.is_set() or self.server.bus.closing.is_set()):
                over.wait(0.05)
        else:
            self.server.bus.closing.wait(over)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


Fault = Callable[[Exchange], None]
"""What becomes of one request; see tests/support/bus_faults.py."""


def well(exchange: Exchange) -> None:
    exchange.answer(exchange.apply())


class _Server(ThreadingHTTPServer):
    daemon_threads = True  # a reply that nobody waits for any more does not keep the test waiting
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], bus: BusServer) -> None:
        self.bus = bus
        self._open: set[Any] = set()
        super().__init__(address, Exchange)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed, or no longer waits."""

    def end(self) -> None:
        self.shutdown()
        self.server_close()
        for connection in list(self._open):
            self.shutdown_request(connection)


def _hold(port: int) -> socket.socket:
    """A port that is taken and refuses connections: bound, and nobody listens."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind((_PLACE, port))
    return holder


def _envelope(entry: dict[str, Any]) -> dict[str, Any]:
    """What the bus makes of an entry, its detail still as text."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": entry["DetailType"],
        "source": entry["Source"],
        "account": "123456789012",
        "time": now()[:19] + "Z",  # whole seconds, as EventBridge has it
        "region": "eu-central-1",
        "resources": entry.get("Resources", []),
        "detail": entry["Detail"],
    }


def _flaw(entry: dict[str, Any]) -> str | None:
    """The code by which EventBridge refuses the entry by itself."""
    if not all(entry.get(name) for name in _REQUIRED):
        return "InvalidArgument"
    try:
        msgspec.json.decode(entry["Detail"], type=dict[str, msgspec.Raw])
    except msgspec.MsgspecError:
        return "MalformedDetail"
    return None


def _entry_bytes(entry: dict[str, Any]) -> int:
    """As EventBridge counts (User Guide, "Calculating PutEvents event entry size")."""
    texts = [entry.get(name, "") for name in _REQUIRED] + entry.get("Resources", [])
    return sum(len(text.encode()) for text in texts) + 14 * ("Time" in entry)
