"""A server on this machine that answers PutEvents as EventBridge does, with its limits, and with faults on request.

moto answers PutEvents too, but knows no limit of bytes and never cuts a connection in the middle of a reply.

Programs in processes of their own reach it by the SDK's variables (`environment`). It keeps the entries that it accepts. It
hands them to an event log when asked, as the event processor would: so it costs little while a program publishes at full speed.
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
"""EventBridge's limit until it was raised to 1 MB: the recorder promises to keep to it."""
_REQUIRED = ("Source", "DetailType", "Detail")
_PLACE = "127.0.0.1"


class BusServer:
    """The bus, open inside a `with` block. It counts `requests`, `accepted` entries, and the `bytes` of their details."""

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

    def fail_with(self, *faults: "Fault | Iterator[Fault]") -> None:
        """Faults for the next requests, one each; those of an iterator in turn. After them all requests succeed."""
        iterators = (iter([fault]) if callable(fault) else fault for fault in faults)
        self._plan = itertools.chain.from_iterable(iterators)

    def refuse_connections(self) -> None:
        """As if no server were there: open connections break, and new ones are refused. The port stays reserved."""
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
        """Append what was accepted since the last call, as the event processor does. Raises the NotRecordable of an event."""
        with self._lock:
            new, self._handed_over = self.envelopes[self._handed_over :], len(self.envelopes)
        return [log.append(decode(envelope)) for envelope in new]

    def next_fault(self) -> "Fault":
        with self._lock:
            self.requests += 1
            return next(self._plan, no_fault)

    def accept(self, entries: list[dict[str, Any]]) -> list[str]:
        """Keep the entries. Returns their ids."""
        envelopes = [_envelope(entry) for entry in entries]
        with self._lock:
            self.envelopes += envelopes
            self.accepted += len(envelopes)
            self.bytes += sum(len(envelope["detail"].encode()) for envelope in envelopes)
        return [envelope["id"] for envelope in envelopes]


class Exchange(BaseHTTPRequestHandler):
    """One request after the other on one connection. A fault decides what becomes of each."""

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
        """Accept the entries, but those that `refused` gives an error code and those that are wrong. Returns the reply."""
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
        """Wait until the event is set, or for so many seconds; not longer than the bus is open."""
        if isinstance(over, threading.Event):
            while not (over.is_set() or self.server.bus.closing.is_set()):
                over.wait(0.05)
        else:
            self.server.bus.closing.wait(over)

    def log_message(self, *_: object) -> None:
        """Nobody reads these lines."""


Fault = Callable[[Exchange], None]
"""What becomes of one request: see tests/support/bus_faults.py."""


def no_fault(exchange: Exchange) -> None:
    exchange.answer(exchange.apply())


class _Server(ThreadingHTTPServer):
    daemon_threads = True  # a reply that no client waits for does not hold up the test
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
        """The client was killed, or no longer waits."""

    def end(self) -> None:
        self.shutdown()
        self.server_close()
        for connection in list(self._open):
            self.shutdown_request(connection)


def _hold(port: int) -> socket.socket:
    """A port that is taken and refuses connections: it is bound, and nothing listens."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind((_PLACE, port))
    return holder


def _envelope(entry: dict[str, Any]) -> dict[str, Any]:
    """The envelope that the bus makes of an entry. Its detail is still text."""
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
    """The error code with which EventBridge refuses this entry; None for a right one."""
    if not all(entry.get(name) for name in _REQUIRED):
        return "InvalidArgument"
    try:
        msgspec.json.decode(entry["Detail"], type=dict[str, msgspec.Raw])
    except msgspec.MsgspecError:
        return "MalformedDetail"
    return None


def _entry_bytes(entry: dict[str, Any]) -> int:
    """The size that EventBridge counts (User Guide, "Calculating PutEvents event entry size")."""
    texts = [entry.get(name, "") for name in _REQUIRED] + entry.get("Resources", [])
    return sum(len(text.encode()) for text in texts) + 14 * ("Time" in entry)
