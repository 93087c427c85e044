"""Which pages a report has: of one stream its page; of several runs first what differs between them, then each one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.pages.stream_page import stream_page

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from training_events.pages.page import Asked, Page
    from training_events.reading.opening import Sources


def report_pages(
    sources: Sources,
    streams: Sequence[str],
    asked: Asked,
    on_progress: Callable[[int], None] = lambda done: None,  # noqa: ARG005
) -> list[Page]:
    """`on_progress` gets how many streams are done. Raises NoSuchStream."""
    pages = []
    for done, stream in enumerate(streams):
        on_progress(done)
        pages.append(stream_page(sources, stream, asked, whole=True))
    return pages
