"""One run in one process, from its first event to its last, whatever ends the program.

A run may be started more than once: by a notebook cell that is run again, or by two parts of a program that share a job's id.
Each start is a further attempt. Only the handle that was started last ends the run; what earlier ones measure is recorded too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training_events.recorder.ending import Ending, stopped
from training_events.recorder.participant import Participant
from training_events.recorder.reporting import reported_not_raised
from training_events.recorder.restart import earlier_spec, key_of, note_start

if TYPE_CHECKING:
    from collections.abc import Callable

    from training_events.recorder.ending import LastEvent
    from training_events.recorder.restart import RunKey

START_SECONDS = 2.0
"""The longest that a start waits for the disk to take its event. A disk that hangs does not hang the training."""

_newest: dict[RunKey, Lifecycle] = {}
"""The open handle of each run that was started last. A forked child finds its parent's here."""


def open_participant(stream: str) -> Participant | None:
    """The part of this process in a run; None if it is not open here."""
    lifecycle = _newest.get(key_of(stream))
    return None if lifecycle is None else lifecycle.participant


def open_stream() -> str | None:
    """The run that is open in this process; of several the one that was started last."""
    return next((lifecycle.participant.stream for lifecycle in reversed([*_newest.values()])), None)


class Lifecycle:
    """An `OpenRun` for `termination`, which calls the methods that begin with `on_`."""

    def __init__(self, stream: str) -> None:
        self.participant = Participant(stream, self)
        self._ending = Ending()
        self._key: RunKey | None = None

    @reported_not_raised
    def start(self, pinned_spec: Callable[[], dict[str, Any]]) -> None:
        self._key = key = key_of(self.participant.stream)
        earlier = _newest.get(key)
        if earlier is not None and not earlier.participant.started_here:
            self.on_fork()  # the run is open in the process that this one was forked from, and ends there
            return
        _newest[key] = self
        self.participant.open()
        if self._leads:
            spec, before = pinned_spec(), earlier_spec(key)
            self._record("TrainingStarted", spec)
            note_start(key, spec, before)
            if (channel := self.participant.open_channel) is not None:
                channel.spooled_within(START_SECONDS)  # from now on not even a kill loses that the run began

    def flush(self, seconds: float) -> bool:
        return self.participant.flush(seconds)

    @reported_not_raised
    def end(self, event: LastEvent) -> None:
        fails_here = self.participant.started_here and event.type == "TrainingFailed"  # any rank may fail
        if self._is_newest and (self.participant.is_leader or fails_here):
            self._ending.decide(event)
        try:
            self._ending.record(self._record)
            self.participant.close()
        finally:  # or else what the process makes later would be of a run that has ended
            if self._key is not None and self._is_newest:
                del _newest[self._key]

    def end_after(self, error: BaseException | None) -> None:
        """The training came to its end, or this exception ended it."""
        self.end(self._ending.of_return() if error is None else self._ending.of_exception(error))

    def on_fatal_signal(self, name: str) -> None:
        """Called by a signal's handler when the program ends right after it."""
        if self._leads and not self._ending.is_decided:
            self._record(*stopped(name))
        else:
            self.on_handled_signal(name)

    def on_handled_signal(self, name: str) -> None:
        """Called by a signal's handler when a handler of the program's own decides what happens next."""
        self._ending.interrupt(name)
        self._ending.record(self._record)  # the handler may have interrupted `end`

    def on_program_end(self, error: BaseException | None) -> None:
        """Called when the interpreter ends and the run is still open."""
        self.end(self._ending.of_abandonment() if error is None else self._ending.of_exception(error))

    def on_fork(self) -> None:
        """Called in a forked child, where the run continues as a producer of its own."""
        self.participant.reset_after_fork()

    @property
    def _is_newest(self) -> bool:
        """Whether no other handle of this process has started the run since."""
        return self._key is not None and _newest.get(self._key) is self

    @property
    def _leads(self) -> bool:
        """Whether this handle records how the run begins and ends."""
        return self.participant.is_leader and self._is_newest

    def _record(self, type_: str, data: dict[str, Any]) -> None:
        if (channel := self.participant.open_channel) is not None:
            channel.record(type_, data)
