"""Which pages a report has: of one stream its page; of several runs first what differs between them, then each one in short."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.pages.comparison.page import compared_runs_page
from training_events.pages.run_page import run_in_short
from training_events.pages.stream_page import stream_page

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from training_events.pages.page import Asked, Page
    from training_events.reading.opening import Sources


def report_pages(
    sources: Sources,
    streams: Sequence[str],
    asked: Asked,
    on_progress: Callable[[str, float], None] = lambda text, share: None,  # noqa: ARG005
) -> list[Page]:
    """The runs come first. `on_progress` gets what is read, and which share of all is done.

    Raises NoSuchStream, and Misused for more runs than can be compared.
    """
    runs = [stream for stream in streams if stream.startswith("run/")]
    others = [stream for stream in streams if stream not in runs]
    pages: list[Page] = []
    if len(runs) > 1:
        on_progress("comparing the runs", 0)
        pages.append(compared_runs_page(sources, runs, asked, whole=True))
    for done, stream in enumerate([*runs, *others]):
        on_progress(f"reading {stream}", done / len(streams))
        is_compared = len(runs) > 1 and stream in runs
        pages.append((run_in_short if is_compared else stream_page)(sources, stream, asked, whole=True))
    return pages
