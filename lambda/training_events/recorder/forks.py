"""A fork waits for a good moment: what this package's threads do in OpenSSL, botocore and on standard error must not be half
done in a child.

A child has no threads but the one that forked. A lock that another one held stays locked there for ever, and then a worker
that never heard of this package hangs in `ssl`, in `hashlib`, or when it prints.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from threading import RLock, local
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLIENT_SETUP_SECONDS = 5.0
"""What a fork waits for a client to be made: that goes through imports and contexts all the time, and takes half a second."""
_LOG_LINE_SECONDS = 5.0
"""What it waits for a line in the log: standard error may be a pipe that is full."""
_REQUEST_SECONDS = 0.2
"""What it waits for a request: by then that is past the handshake, and only waits for its reply."""


class Gate:
    """Passed by one thread at a time, and closed for the moment of a fork."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = RLock()  # a signal's handler may come to pass where its thread is passing
        self._passage = 1
        self._overdue = 0  # the passage that a fork has waited long enough for: the next ones do not
        self._forking = local()  # several threads may fork at once

    @contextmanager
    def passing(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            finally:
                self._passage += 1

    def before(self) -> None:
        passage = self._passage
        self._forking.closed = self._lock.acquire(timeout=0 if passage == self._overdue else self._seconds)
        if not self._forking.closed:
            self._overdue = passage

    def after_in_parent(self) -> None:
        if self._forking.closed:
            self._lock.release()

    def after_in_child(self) -> None:
        self._lock = RLock()


client_setup = Gate(_CLIENT_SETUP_SECONDS)
request = Gate(_REQUEST_SECONDS)
log_line = Gate(_LOG_LINE_SECONDS)

# the last one registered is asked first: who is preparing or sending may have something to tell
for _gate in (log_line, request, client_setup):
    os.register_at_fork(before=_gate.before, after_in_parent=_gate.after_in_parent, after_in_child=_gate.after_in_child)
