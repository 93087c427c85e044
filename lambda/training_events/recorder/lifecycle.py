"""One run in one process, from its first event to its last, whatever ends the program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training_events.recorder.ending import Ending, stopped
from training_events.recorder.participant import Participant
from training_events.recorder.reporting import reported_not_raised

if TYPE_CHECKING:
    from collections.abc import Callable

    from training_events.recorder.ending import LastEvent


class Lifecycle:
    """An `OpenRun` for `termination`, which calls the methods that begin with `on_`."""

    def __init__(self, stream: str) -> None:
        self.participant = Participant(stream, self)
        self._ending = Ending()

    @reported_not_raised
    def start(self, pinned_spec: Callable[[], dict[str, Any]]) -> None:
        self.participant.open()
        if self.participant.is_leader:
            self._record("TrainingStarted", pinned_spec())

    def flush(self, seconds: float) -> bool:
        channel = self.participant.open_channel
        return channel is None or channel.flush(seconds)

    @reported_not_raised
    def end(self, event: LastEvent) -> None:
        fails_here = self.participant.started_here and event.type == "TrainingFailed"  # any rank may fail
        if self.participant.is_leader or fails_here:
            self._ending.decide(event)
        self._ending.record(self._record)
        self.participant.close()

    def end_after(self, error: BaseException | None) -> None:
        """The training came to its end, or this exception ended it."""
        self.end(self._ending.of_return() if error is None else self._ending.of_exception(error))

    def on_fatal_signal(self, name: str) -> None:
        """Called by a signal's handler when the program ends right after it."""
        if self.participant.is_leader and not self._ending.is_decided:
            self._record(*stopped(name))
        else:
            self.on_handled_signal(name)

    def on_handled_signal(self, name: str) -> None:
        """Called by a signal's handler when a handler of the program's own decides what happens next."""
        self._ending.interrupt(name)
        self._ending.record(self._record)  # the handler may have interrupted `end`

    def on_program_end(self, error: BaseException | None) -> None:
        """Called when the interpreter ends and the run is still open."""
        if error is None:
            self.end(stopped("the program ended without finishing the run"))
        else:
            self.end_after(error)

    def on_fork(self) -> None:
        """Called in a forked child, where the run continues as a producer of its own."""
        self.participant.reset_after_fork()

    def _record(self, type_: str, data: dict[str, Any]) -> None:
        if (channel := self.participant.open_channel) is not None:
            channel.writer.record(type_, data)
