"""One process's part in a run: a producer of its own, opened with the run or, after a fork, with the first that it says."""

from __future__ import annotations

import os
import sys
from threading import Lock
from typing import TYPE_CHECKING, Any

from training_events.recorder import termination
from training_events.recorder.delivery.channel import Channel
from training_events.recorder.identity import rank
from training_events.recorder.reporting import log, never_in_the_way

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from training_events.recorder.termination import Open

    Point = tuple[Any, Any, Any, int]


class Member:
    """`append` takes a point, whatever state the run is in; `points` are those that wait."""

    def __init__(self, stream: str, run: Open) -> None:
        self.stream = stream
        self.append: Callable[[Point], object] = self._not_open
        self.points: Sequence[Point] = ()
        self._run = run
        self._rank = rank()
        self._begun_by: int | None = None  # the number of the process that began the run; 0 for one unknown here
        self._channel: Channel | None = None
        self._recorded = 0
        self._joining = Lock()
        self._complained = False

    @property
    def begun(self) -> bool:
        return self._begun_by is not None

    @property
    def began(self) -> bool:
        """Whether it was this process that began the run."""
        return self._begun_by == os.getpid()

    @property
    def leads(self) -> bool:
        """Whether this process says how the run begins and ends."""
        return self.began and (self._rank is None or self._rank.rank == 0)

    @property
    def recorded(self) -> int:
        return self._recorded if self._channel is None else self._channel.recorded

    def open(self) -> None:
        self._begun_by = os.getpid()
        self._open()

    def wait_for_a_word(self) -> None:
        """After a fork: the threads are the parent's, and so is what it said. Nothing is started for a child that is silent."""
        self._begun_by = self._begun_by or 0
        self._channel = None
        self.points = ()
        self._joining = Lock()  # the parent's may have been held
        self.append = self._first

    @property
    def opened(self) -> Channel | None:
        """None if this process has said nothing yet, or the run has ended."""
        return self._channel

    def channel(self) -> Channel | None:
        """Opened, if this is the first that a child says. None if the run is not open."""
        if self.append == self._first:
            self._join()
        return self._channel

    def crowd(self) -> None:
        """More points wait than CROWD."""
        waiting, channel = len(self.points), self._channel
        if channel is not None:
            channel.writer.crowd(waiting)

    def close(self) -> None:
        """Put everything into the spool, and send it if that goes."""
        self.append, self.points = self._not_open, ()
        if (channel := self._channel) is not None:
            channel.close()
            self._recorded, self._channel = channel.recorded, None
        termination.unwatch(self._run)  # not before: who is interrupted on the way here does the rest at the end of the program

    def _open(self) -> None:
        channel = self._channel = Channel(self.stream, {} if self._rank is None else {"rank": self._rank.rank})
        channel.start()
        self.points = channel.writer.points
        self.append = channel.writer.points.append
        termination.watch(self._run)

    def _first(self, point: Point) -> None:
        self._join()
        self.append(point)

    @never_in_the_way
    def _join(self) -> None:
        with self._joining:
            if self.append != self._first:  # another thread was faster
                return
            try:
                self._open()
            except BaseException:
                self.append = self._not_open
                raise
        if multiprocessing := sys.modules.get("multiprocessing.util"):  # its processes end without atexit
            multiprocessing.Finalize(None, self.close, exitpriority=100)

    def _not_open(self, point: Point) -> None:
        if not self._complained:
            self._complained = True
            log.warning("metric %r is not recorded: %s is not open", point[0], self.stream)
