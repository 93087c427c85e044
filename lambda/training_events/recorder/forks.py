"""A fork waits until the recorder's threads have nothing half done in OpenSSL, in botocore or on standard error.

A forked child has only the thread that forked. A lock that another thread held stays locked in the child for ever. A worker
that never uses this package would then hang in `ssl`, in `hashlib`, or when it prints.

What a child itself records does not depend on this, as a fork does not wait for ever: until an event is on disk, nothing takes
a lock that the child could have inherited, imports, or uses OpenSSL.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from threading import RLock, local
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CLIENT_SETUP_SECONDS = 30.0
"""How long a fork waits while imports are made and TLS is set up: half a second of CPU time, on a busy machine much longer."""
_LOG_LINE_SECONDS = 5.0
"""How long it waits for a line in the log: standard error may be a pipe that is full."""
_REQUEST_SECONDS = 0.2
"""How long it waits for a request: after that time the handshake is over, and only the reply is missing."""


class CriticalSection:
    """One thread at a time is inside, and none in the moment of a fork.

    A fork waits at most `max_wait_seconds` for the thread that is inside.
    """

    def __init__(self, max_wait_seconds: float, make_lock: Callable[[], Any] = RLock) -> None:
        self.max_wait_seconds = max_wait_seconds
        self._make_lock = make_lock
        self._lock = make_lock()  # reentrant: a signal's handler may enter in a thread that is inside
        self._entry = 1  # the number of the present entry, or of the next one
        self._overdue = 0  # the entry that a fork has waited for in vain: further forks do not wait for it
        self._forking = local()  # several threads may fork at once

    @contextmanager
    def entered(self, max_wait_seconds: float = -1) -> Iterator[bool]:
        """With a time to wait: whether the thread is inside, or another one did not leave in that time."""
        lock = self._lock  # a child that is forked inside has another one
        is_inside = lock.acquire(timeout=max_wait_seconds)
        try:
            yield is_inside
        finally:
            if is_inside:
                self._entry += 1
                lock.release()

    def before_fork(self) -> None:
        entry = self._entry
        self._forking.is_inside = self._lock.acquire(timeout=0 if entry == self._overdue else self.max_wait_seconds)
        if not self._forking.is_inside:
            self._overdue = entry

    def after_fork_in_parent(self) -> None:
        if self._forking.is_inside:
            self._lock.release()

    def after_fork_in_child(self) -> None:
        self._lock = self._make_lock()


client_setup = CriticalSection(_CLIENT_SETUP_SECONDS)
request = CriticalSection(_REQUEST_SECONDS)
log_line = CriticalSection(_LOG_LINE_SECONDS)

# A fork enters the section registered last first: a thread inside of another one may still have a line to log.
for _section in (log_line, request, client_setup):
    os.register_at_fork(
        before=_section.before_fork, after_in_parent=_section.after_fork_in_parent, after_in_child=_section.after_fork_in_child
    )
