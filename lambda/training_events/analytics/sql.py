"""`log.sql`: a question in SQL, over the tables of the log, wherever the log is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.analytics.query import parse
from training_events.settings import Settings
from training_events.stores.sqlite.event_log import SqliteLog

if TYPE_CHECKING:
    from collections.abc import Callable

    from training_events.analytics.answer import Answer
    from training_events.reading.opening import Sources


def answer_of(sources: Sources, text: str, on_progress: Callable[[str], None]) -> Answer:
    """The text is read before anything else is done, so a mistake costs nothing and is told alike everywhere.

    Raises BadSql, QueryFailed, and MissingSetting for a log on AWS of which nothing says where its tables are.
    """
    query = parse(text)
    # imported here: each brings a library that the other one does without
    if isinstance(sources.log, SqliteLog):
        from training_events.analytics import laptop_tables  # noqa: PLC0415

        return laptop_tables.ask(sources, sources.log, query, on_progress)
    from training_events import aws  # noqa: PLC0415
    from training_events.analytics import athena  # noqa: PLC0415

    return athena.ask(query, athena.Workgroup.of(Settings().analytics), aws.client("athena"), on_progress)
