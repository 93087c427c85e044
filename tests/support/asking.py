"""A log of each kind that answers questions, for tests of what is asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from training_events.event import Event
from training_events.reading.log import Log
from training_events.reading.opening import Sources, open_sources
from training_events.stores.sqlite.event_log import SqliteLog

from tests.support.dynamodb import READ_MODELS, TABLE, aws_in_this_process, create_read_models_table, create_table


class Asked(NamedTuple):
    """A log that answers, at the address that opens it, and what it is made of."""

    url: str
    sources: Sources
    log: Log

    def record(self, stream: str, type_: str, at: str, **data: Any) -> None:
        """Record an event of the 22nd of November 2026, at this time (`15:00:30`), and make what follows from it."""
        event = Event(f"{type_}-{at}", stream, type_, f"2026-11-22T{at}.000000Z", "tests", data)
        self.sources.log.append(event)
        if self.sources.projector is not None and not isinstance(self.sources.log, SqliteLog):
            self.sources.projector.refold(stream)


@contextmanager
def asked_log(kind: str, folder: Path) -> Iterator[Asked]:
    """An empty log in a file (`sqlite`) or in tables (`dynamodb`). A file is made with the first event."""
    if kind == "sqlite":
        yield _asked(f"sqlite:///{folder}/asked.db")
        return
    with aws_in_this_process():
        create_table()
        create_read_models_table()
        yield _asked(f"dynamodb://{TABLE}?read_models={READ_MODELS}")


def _asked(url: str) -> Asked:
    sources = open_sources(url)
    return Asked(url, sources, Log(sources))
