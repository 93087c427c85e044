"""The lists of models and of datasets, the newest first."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct

from training_events.pages.lists.address import MAX_PAGE, list_address, number_in
from training_events.pages.page import Page, Section
from training_events.reading.listing.visible import Visible
from training_events.reading.summaries import summaries_of, whole_summary

if TYPE_CHECKING:
    from training_events.folds.summary import Summary
    from training_events.pages.page import Asked, Query
    from training_events.reading.opening import Sources

ROWS = 200
"""How many streams a page of these lists has."""


class StreamList(Struct, frozen=True):
    """The content of the sections `models` and `datasets`. `of_now` is whether the list is about no past time.

    `first` is the number of the first row. `newer` and `older` are the addresses of the pages before and behind this one.
    `hidden_left_out` counts the hidden streams up to the end of this page, and `logged_left_out` the models that were only
    logged; `with_hidden` lists them, too.
    """

    rows: list[Summary]
    first: int
    newer: str | None
    older: str | None
    hidden_left_out: int
    logged_left_out: int
    with_hidden: str
    of_now: bool


def models_page(sources: Sources, asked: Asked, query: Query) -> Page:
    """The models: their versions, and what serves each stage. Raises Misused for a page that is no number."""
    return Page("Models", "models", [Section("models", "Models", _stream_list(sources, "model", asked, query))], live=True)


def datasets_page(sources: Sources, asked: Asked, query: Query) -> Page:
    """The datasets, each with its newest version. Raises Misused for a page that is no number."""
    return Page(
        "Datasets", "datasets", [Section("datasets", "Datasets", _stream_list(sources, "dataset", asked, query))], live=True
    )


def _stream_list(sources: Sources, kind: str, asked: Asked, query: Query) -> StreamList:
    page, everything = number_in(query, "page", 1, MAX_PAGE), bool(query.one("hidden"))
    listed = summaries_of(sources, kind, as_of=asked.as_of, known_at=asked.known_at)
    visible = Visible(listed, everything=everything)
    start = (page - 1) * ROWS
    found = list(islice(visible, start, start + ROWS + 1))
    hidden = [("hidden", "1")] if everything else []

    def of_page(number: int) -> str:
        return list_address(asked, [*hidden, ("page", str(number))])

    return StreamList(
        rows=[whole_summary(sources, it, as_of=asked.as_of, known_at=asked.known_at) for it in found[:ROWS]],
        first=start + 1,
        newer=of_page(page - 1) if page > 1 else None,
        older=of_page(page + 1) if len(found) > ROWS else None,
        hidden_left_out=visible.left_out,
        logged_left_out=visible.only_logged,
        with_hidden=list_address(asked, [("hidden", "1")]),
        of_now=asked.as_of is None and asked.known_at is None,
    )
