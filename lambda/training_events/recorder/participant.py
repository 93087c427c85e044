"""One process's part in a run: a producer of its own, opened with the run, or after a fork with the child's first event."""

from __future__ import annotations

import os
import sys
from threading import Lock
from typing import TYPE_CHECKING, Any

from training_events.recorder import termination
from training_events.recorder.delivery.channel import Channel
from training_events.recorder.identity import rank
from training_events.recorder.reporting import log, reported_not_raised

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from training_events.recorder.termination import OpenRun

    Point = tuple[Any, Any, Any, int]

_UNKNOWN_PROCESS = 0


class Participant:
    """`append` takes a point, whatever state the run is in. `points` are those that no event holds yet."""

    def __init__(self, stream: str, run: OpenRun) -> None:
        self.stream = stream
        self.append: Callable[[Point], object] = self._reject
        self.points: Sequence[Point] = ()
        self._run = run
        self._rank = rank()
        self._started_by: int | None = None  # the number of the process that began the run
        self._channel: Channel | None = None
        self._recorded = 0
        self._is_sent = True
        self._opening = Lock()
        self._warned = False

    @property
    def started(self) -> bool:
        """Whether the run has begun, in this process or another."""
        return self._started_by is not None

    @property
    def started_here(self) -> bool:
        return self._started_by == os.getpid()

    @property
    def is_leader(self) -> bool:
        """Whether this process records how the run begins and ends."""
        return self.started_here and (self._rank is None or self._rank.rank == 0)

    @property
    def recorded(self) -> int:
        return self._recorded if self._channel is None else self._channel.recorded

    def flush(self, seconds: float) -> bool:
        """Whether all that this process recorded is sent: within that time, or when the run ended here."""
        return self._is_sent if self._channel is None else self._channel.flush(seconds)

    def open(self) -> None:
        self._started_by = os.getpid()
        self._open()

    def reset_after_fork(self) -> None:
        """Forget the channel, in a child: its threads and events are the parent's. Nothing starts until the child records."""
        self._started_by = self._started_by or _UNKNOWN_PROCESS
        self._channel = None
        self.points = ()
        self._opening = Lock()  # the parent may have held its own
        self.append = self._append_first

    @property
    def open_channel(self) -> Channel | None:
        """None if this process has recorded nothing yet, or the run has ended."""
        return self._channel

    def ensure_open(self) -> Channel | None:
        """The channel, which is opened if a child records its first event. None if the run is not open."""
        if self.append == self._append_first:
            self._open_in_child()
        return self._channel

    def limit_backlog(self) -> None:
        """Make events of the points: there are more than MAX_BUFFERED_POINTS."""
        pending, channel = len(self.points), self._channel
        if channel is not None:
            channel.limit_backlog(pending)

    def close(self) -> None:
        """Put everything into the spool, and send it if that works."""
        self.append, self.points = self._reject, ()
        if (channel := self._channel) is not None:
            channel.close()
            self._is_sent = channel.flush(0)
            self._recorded, self._channel = channel.recorded, None
        termination.unwatch(self._run)  # last: what an interruption leaves undone here is done at the end of the program

    def _open(self) -> None:
        channel = self._channel = Channel(self.stream, {} if self._rank is None else {"rank": self._rank.rank})
        channel.start()
        self.points = channel.points
        self.append = channel.points.append
        termination.watch(self._run)

    def _append_first(self, point: Point) -> None:
        self._open_in_child()
        self.append(point)

    @reported_not_raised
    def _open_in_child(self) -> None:
        with self._opening:
            if self.append != self._append_first:  # another thread was faster
                return
            try:
                self._open()
            except BaseException:
                self.append = self._reject
                raise
        if multiprocessing := sys.modules.get("multiprocessing.util"):  # its processes end without atexit
            multiprocessing.Finalize(None, self.close, exitpriority=100)

    def _reject(self, point: Point) -> None:
        if not self._warned:
            self._warned = True
            log.warning("metric %r is not recorded: %s is not open", point[0], self.stream)
