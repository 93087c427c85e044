"""A process's way to one destination, for any number of streams: spool, writer and sender, put together."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from training_events.recorder.delivery.destination import configured_destination
from training_events.recorder.delivery.journal import Journal, event_source
from training_events.recorder.delivery.producer import StreamProducer
from training_events.recorder.delivery.sender import Sender
from training_events.recorder.delivery.spool import Spool, spool_folder
from training_events.recorder.delivery.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from training_events.event import Event
    from training_events.settings import Settings

CLOSE_SECONDS = 30.0
"""The longest that the end of a program waits until its events are sent. The rest stays in the spool."""


class Outbox:
    """From `start` to `close`. `on_event` is as with a Writer."""

    def __init__(self, settings: Settings, on_event: Callable[[Event], object] | None = None) -> None:
        self.home, self.to = spool_folder(settings), configured_destination(settings)
        self._source = event_source(settings)
        self._spool = Spool(self.home, self.to, uuid4().hex)
        self._sender = Sender(self._spool, self.to, self.home)
        self.writer = Writer(self._spool, self._sender, on_event)

    def producer(
        self,
        stream: str,
        fit_to_size: Callable[[dict[str, Any], int], dict[str, Any]],
        extensions: Mapping[str, Any] | None = None,
    ) -> StreamProducer:
        """A new producer of a stream. `fit_to_size` makes of an event's data what is recorded, in at most so many bytes."""
        producer = StreamProducer(Journal(stream, extensions, source=self._source), fit_to_size)
        self.writer.add(producer)
        return producer

    @property
    def unsent(self) -> int:
        """How many events of the spool are not sent yet."""
        return self._spool.pending

    def start(self) -> None:
        self.writer.start()
        self._sender.start()

    @property
    def is_idle(self) -> bool:
        """Whether all that was recorded is sent. It takes no time to ask."""
        return self.writer.is_idle and not self._spool.pending and not self._spool.lost

    def flush(self, seconds: float) -> bool:
        """Returns whether all that was recorded is sent; false if after that time some of it is still in the spool."""
        deadline = monotonic() + seconds
        return self.writer.wait_spooled(seconds) and self._sender.flush(max(deadline - monotonic(), 0))

    def flush_silently(self, seconds: float) -> bool:
        """The same. Standard error does not tell what the disk has not taken: the program goes on."""
        deadline = monotonic() + seconds
        return self.writer.spooled_within(seconds) and self._sender.flush(max(deadline - monotonic(), 0))

    def finish(self) -> None:
        """The program ends, but something may still be recorded: threads cannot be started any more, so these stay."""
        self.flush(CLOSE_SECONDS)
        self._spool.close()  # if all is sent there is no file; what comes makes another one

    def close(self) -> None:
        deadline = monotonic() + CLOSE_SECONDS
        try:
            self.writer.close(CLOSE_SECONDS)
            self._sender.close(max(deadline - monotonic(), 0))
        except BaseException:  # after Ctrl-C wait for the disk, and not for the network
            self.writer.close(CLOSE_SECONDS)
            self._sender.close(0)
            raise
