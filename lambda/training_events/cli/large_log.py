"""Tells, before a command reads a whole log with one process, that a job reads logs of that size with many."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from training_events.stores.sqlite.event_log import SqliteLog

if TYPE_CHECKING:
    from training_events.stores.event_log import EventLog

LARGE_LOG_EVENTS = 10_000_000
"""One process verifies some 18,000 events a second of its CPU, without the time that DynamoDB takes to answer: so many take ten
minutes of it at least (docs/operate/analytics.md, "When it is worth it")."""


def tell_if_large(log: EventLog) -> None:
    """Print a notice on standard error for a log in DynamoDB that has more events. Nothing is refused."""
    if isinstance(log, SqliteLog):
        return  # DynamoDB alone writes what the job reads
    # imported here: with a log in SQLite nobody waits for AWS's SDK
    from training_events.stores.dynamodb.event_log import DynamoDbLog  # noqa: PLC0415

    count = log.approximate_count() if isinstance(log, DynamoDbLog) else None
    if count is not None and count > LARGE_LOG_EVENTS:
        print(
            f"training-events: the log has about {count:,} events, and this reads them with one process; the Spark job"
            " training_events.analytics.job does the same with many (docs/operate/analytics.md)",
            file=sys.stderr,
        )
