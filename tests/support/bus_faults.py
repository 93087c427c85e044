"""What can go wrong with one PutEvents request, each as a fault for the bus server."""

import itertools
import threading
from collections.abc import Callable, Iterator

from tests.support.bus_server import Exchange, Fault, no_fault


def repeated(fault: Fault, times: int | None = None) -> Iterator[Fault]:
    """The fault so many times, or for ever."""
    return itertools.repeat(fault) if times is None else itertools.repeat(fault, times)


def denied(exchange: Exchange) -> None:
    exchange.refuse("AccessDeniedException", "User: test is not authorized to perform: events:PutEvents")


def throttled(exchange: Exchange) -> None:
    exchange.refuse("ThrottlingException", "Rate exceeded")


def failed(exchange: Exchange) -> None:
    exchange.refuse("InternalException", "an error on the side of the service", 500)


def hung_up(exchange: Exchange) -> None:
    """The request is read, nothing is done, and the connection is closed."""
    exchange.hang_up()


def reply_lost(exchange: Exchange) -> None:
    """Everything is done, and the connection is closed before the reply."""
    exchange.apply()
    exchange.hang_up()


def reply_cut(exchange: Exchange) -> None:
    """Everything is done, and the connection is closed in the middle of the reply."""
    exchange.answer(exchange.apply(), whole=False)


def some_fail(code: str, which: Callable[[int], bool]) -> Fault:
    """Entries at these places are refused; all others are accepted."""

    def fault(exchange: Exchange) -> None:
        exchange.answer(exchange.apply(lambda number: code if which(number) else None))

    return fault


def slow(over: threading.Event | float, fault: Fault = no_fault) -> Fault:
    """The fault once the event is set, or so many seconds later."""

    def wait_first(exchange: Exchange) -> None:
        exchange.wait(over)
        fault(exchange)

    return wait_first
