"""What is at which address: one table. A path that ends in `/` is followed by a name, which may have slashes of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from msgspec import Struct, json
from starlette.exceptions import HTTPException

from training_events.pages.comparison.page import compare_page
from training_events.pages.curves.cache import CurveCache
from training_events.pages.curves.viewed import curve_data, curve_request
from training_events.pages.dataset_page import dataset_page
from training_events.pages.group_page import group_page
from training_events.pages.lineage.section import lineage_page
from training_events.pages.lists.runs import runs_page
from training_events.pages.lists.serving import serving_page
from training_events.pages.lists.streams import datasets_page, models_page
from training_events.pages.model_page import model_page
from training_events.pages.page import Asked, Page, Query
from training_events.pages.run_page import run_page
from training_events.pages.server.moments import Moments, moments_of_kind, moments_of_runs, moments_of_streams
from training_events.pages.undelivered_page import undelivered_page
from training_events.pages.verification_page import verification_page, verifications_page
from training_events.reading.opening import Sources
from training_events.reading.stream_names import stream_of_log


class Question(Struct, frozen=True):
    """What a browser asks for. `name` is what follows the route's path: the name of a run, say."""

    sources: Sources
    asked: Asked
    query: Query
    curves: CurveCache
    name: str = ""


class PageRoute(NamedTuple):
    """`moments` are what the slider of the page moves through; without them the page is always about now.

    `title` is what the navigation calls it, if it leads there. `stream` is the one that the page is about, if it is about one.
    """

    make: Callable[[Question], Page]
    moments: Callable[[Question], Moments] | None = None
    title: str | None = None
    stream: Callable[[Question], str] | None = None


def stream_page(kind: str, make: Callable[[Sources, str, Asked], Page]) -> PageRoute:
    """The page of a stream of this kind."""

    def stream(question: Question) -> str:
        return stream_of_log(question.sources.log, f"{kind}/{question.name}")

    return PageRoute(
        lambda question: make(question.sources, stream(question), question.asked),
        lambda question: moments_of_streams(question.sources, [stream(question)]),
        stream=stream,
    )


def list_page(kind: str, title: str, make: Callable[[Sources, Asked, Query], Page]) -> PageRoute:
    """The page of a list of streams of this kind."""
    return PageRoute(
        lambda question: make(question.sources, question.asked, question.query),
        lambda question: moments_of_kind(question.sources, kind),
        title,
    )


PAGES: dict[str, PageRoute] = {
    "/runs": list_page("run", "Runs", runs_page),
    "/models": list_page("model", "Models", models_page),
    "/serving": list_page("model", "Serving", serving_page),
    "/datasets": list_page("dataset", "Datasets", datasets_page),
    "/run/": stream_page("run", run_page),
    "/model/": stream_page("model", model_page),
    "/dataset/": stream_page("dataset", dataset_page),
    "/group/": stream_page("group", group_page),
    "/compare": PageRoute(
        lambda question: compare_page(question.sources, question.asked, question.query),
        lambda question: moments_of_runs(question.sources, question.query.all("run")),
    ),
    "/lineage/": PageRoute(
        lambda question: lineage_page(question.sources, question.name, question.asked),
        lambda question: moments_of_streams(question.sources, [question.name.partition("@")[0]]),
    ),
    "/verification": PageRoute(
        lambda question: verifications_page(question.sources, question.asked, question.query), title="Verification"
    ),
    "/verification/": PageRoute(
        lambda question: verification_page(question.sources, stream_of_log(question.sources.log, question.name), question.asked)
    ),
    "/undelivered": PageRoute(lambda question: undelivered_page(question.sources), title="Undelivered"),
}
HOME = "/runs"
"""What `/` leads to."""

DATA: dict[str, Callable[[Question], bytes]] = {
    "/data/curves": lambda question: json.encode(
        curve_data(question.curves, question.sources, curve_request(question.query, question.asked))
    ),
}
"""What scripts ask for, as JSON."""


def find_page(path: str) -> tuple[PageRoute, str]:
    """The page at a path, and the name that follows it. Raises HTTPException."""
    first, slash, name = path[1:].partition("/")
    route = PAGES.get(f"/{first}{slash}")
    if route is None or (name and not slash):
        raise HTTPException(404, f"no page is at {path!a:.80}; allowed: {', '.join(sorted(PAGES))}")
    return route, name
