"""The section of the settings about asking the whole log at once: docs/operate/analytics.md."""

from typing import Literal

from pydantic import Field

from stacks.settings.section import Section


class Analytics(Section):
    enabled: bool = False
    """Whether there are tables of the log for Athena, and a Spark job that writes them from exports of the log:
    docs/operate/analytics.md."""
    interval_hours: int = Field(default=24, ge=1, le=168)
    """How often the job runs."""
    workers: int = Field(default=2, ge=2, le=100)
    """How many machines the job has, of which one only leads."""
    worker_type: Literal["G.1X", "G.2X", "G.4X", "G.8X"] = "G.1X"
    """The size of each: 4, 8, 16 or 32 processors, with 16, 32, 64 or 128 GB."""
    query_limit_gb: int = Field(default=100, ge=1, le=100_000)
    """How much a query may read; Athena cancels one that reads more, and asks a price for what it has read."""
    result_days: int = Field(default=30, ge=1)
    """After how many days the answers of queries are removed from the data bucket."""
