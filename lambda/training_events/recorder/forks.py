"""A fork waits until the recorder's threads have nothing half done in OpenSSL, in botocore or on standard error.

A forked child has only the thread that forked. A lock that another thread held stays locked in the child for ever. A worker
that never uses this package would then hang in `ssl`, in `hashlib`, or when it prints.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from threading import RLock, local
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CLIENT_SETUP_SECONDS = 5.0
"""How long a fork waits while a client is made: that takes half a second, with imports and TLS contexts all the time."""
_LOG_LINE_SECONDS = 5.0
"""How long it waits for a line in the log: standard error may be a pipe that is full."""
_REQUEST_SECONDS = 0.2
"""How long it waits for a request: after that time the handshake is over, and only the reply is missing."""


class Gate:
    """One thread passes at a time, and the gate is closed for the moment of a fork.

    A fork waits at most `max_wait_seconds` for the thread that is passing.
    """

    def __init__(self, max_wait_seconds: float, make_lock: Callable[[], Any] = RLock) -> None:
        self.max_wait_seconds = max_wait_seconds
        self._make_lock = make_lock
        self._lock = make_lock()  # reentrant: a signal's handler may pass in a thread that is passing
        self._passage = 1  # the number of the present passage, or of the next one
        self._overdue = 0  # the passage that a fork has waited for in vain: further forks do not wait for it
        self._forking = local()  # several threads may fork at once

    @contextmanager
    def passing(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            finally:
                self._passage += 1

    def before_fork(self) -> None:
        passage = self._passage
        self._forking.closed = self._lock.acquire(timeout=0 if passage == self._overdue else self.max_wait_seconds)
        if not self._forking.closed:
            self._overdue = passage

    def after_fork_in_parent(self) -> None:
        if self._forking.closed:
            self._lock.release()

    def after_fork_in_child(self) -> None:
        self._lock = self._make_lock()


client_setup = Gate(_CLIENT_SETUP_SECONDS)
request = Gate(_REQUEST_SECONDS)
log_line = Gate(_LOG_LINE_SECONDS)

# The gate registered last is closed first: a thread that passes another gate may still have a line to log.
for _gate in (log_line, request, client_setup):
    os.register_at_fork(
        before=_gate.before_fork, after_in_parent=_gate.after_fork_in_parent, after_in_child=_gate.after_fork_in_child
    )
