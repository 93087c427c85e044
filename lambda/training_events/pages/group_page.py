"""The page of a group."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct

from training_events.pages.page import Page, Section
from training_events.pages.sections.check import check_section
from training_events.pages.sections.summary import summary_section
from training_events.pages.sections.timeline import timeline_section
from training_events.pages.sections.verification import verification_section
from training_events.pages.shown_stream import shown_stream

if TYPE_CHECKING:
    from training_events.pages.page import Asked
    from training_events.pages.shown_stream import ShownStream
    from training_events.reading.opening import Sources


class RunsOfGroup(Struct, frozen=True):
    """Which group the page leads to, and the command that lists its runs, for a file that leads nowhere."""

    group: str
    command: str


def group_page(sources: Sources, stream: str, asked: Asked, *, whole: bool = False) -> Page:
    """What people say of the group, where its runs are, and how to check all that.

    A `whole` page has all of it inside; another leads to what takes long.

    Raises NoSuchStream where the log has no such group at these times.
    """
    shown = cast("ShownStream[Any]", shown_stream(sources, stream, asked))
    name = stream.partition("/")[2]
    runs = RunsOfGroup(name, shlex.join(["training-events", "runs", "--group", name]))
    return Page(
        title=name,
        kind="group",
        sections=[
            summary_section(shown),
            Section("group_runs", "Runs", runs),
            timeline_section(sources, stream, asked),
            verification_section(sources, stream, whole=whole),
            check_section(sources, stream, asked),
        ],
        stream=stream,
        live=True,
    )
