"""The server of the pages: an ASGI application that reads a log."""

from __future__ import annotations

import sys
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from anyio import to_thread
from msgspec import json
from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from training_events.errors import Misused
from training_events.pages.curves.cache import CurveCache
from training_events.pages.page import Asked, Query
from training_events.pages.server.changes import Changes
from training_events.pages.server.frame import TIMES, Visit, as_html
from training_events.pages.server.problems import Problem, problem_of, problem_page
from training_events.pages.server.routes import DATA, HOME, Question, find_page
from training_events.pages.server.security import Guard
from training_events.pages.server.static_files import static_response
from training_events.reading.time_text import parse_time
from training_events.reading.wording.text import printable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from starlette.requests import Request

    from training_events.pages.server.security import Access
    from training_events.pages.server.shared_sources import SharedSources

MAX_THREADS = 8
"""So many pages are made at once: enough that none waits for a long one, and few enough for a laptop and its file."""
_RECONNECT = "retry: 2000\n\n"
"""After so many milliseconds a browser listens again: https://html.spec.whatwg.org/multipage/server-sent-events.html"""


class PageServer:
    """Answers requests. `app` is what a server runs; `changes` ends what would last longer than the server."""

    def __init__(self, sources: SharedSources, access: Access) -> None:
        self._sources, self._curves = sources, CurveCache()
        self.changes = Changes(sources)
        self.app = Starlette(
            routes=[
                Route("/static/{file:path}", lambda request: _answered(request, lambda: static_response(request.url.path))),
                Route("/live", self._live),
                Route("/data/moments/{path:path}", self._moments),
                *(Route(path, self._data) for path in DATA),
                Route("/", lambda _: RedirectResponse(HOME, 303)),
                Route("/{path:path}", self._page),
            ],
            middleware=[Middleware(Guard, access=access, refuse=self._refused)],
            lifespan=self._lifespan,
        )
        self.app.router.redirect_slashes = False

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        to_thread.current_default_thread_limiter().total_tokens = MAX_THREADS
        yield
        self.changes.close()
        self._sources.close()

    def _page(self, request: Request) -> Response:
        path = request.scope["path"]
        parameters = [(name, value) for name, value in request.query_params.multi_items() if name not in TIMES]
        asked, mistakes = _times_of(request)
        visit = Visit(path, parameters, asked, self._sources.url, mistyped={name: text for name, (text, _) in mistakes.items()})
        try:
            route, name = find_page(path)
            visit = replace(visit, has_slider=route.moments is not None)
            _require_times(mistakes)
            with self._question(request, asked, name) as question:
                if asked == Asked():  # what is past does not change
                    stream = route.stream(question) if route.stream is not None else None
                    visit = replace(visit, seen=self.changes.mark(stream))  # first: what comes meanwhile is a change
                return HTMLResponse(as_html(route.make(question), visit))
        except Exception as error:  # noqa: BLE001 - whatever it is, a page tells it
            problem = _noted(request, error)
            return HTMLResponse(as_html(problem_page(problem), visit), problem.status)

    def _moments(self, request: Request) -> Response:
        def answer() -> Response:
            route, name = find_page(request.scope["path"].removeprefix("/data/moments"))
            if route.moments is None:
                raise HTTPException(404, "this page is always about now")
            with self._question(request, Asked(), name) as question:
                return _json(json.encode(route.moments(question)))

        return _answered(request, answer)

    def _data(self, request: Request) -> Response:
        def answer() -> Response:
            asked, mistakes = _times_of(request)
            _require_times(mistakes)
            with self._question(request, asked, "") as question:
                return _json(DATA[request.scope["path"]](question))

        return _answered(request, answer)

    async def _live(self, request: Request) -> Response:
        stream = request.query_params.get("stream")
        seen = request.headers.get("last-event-id") or request.query_params.get("seen", "")

        async def told() -> AsyncIterator[str]:
            yield _RECONNECT
            async for mark in self.changes.after(stream, seen):
                yield ":\n\n" if mark is None else f"id: {mark}\ndata: changed\n\n"

        return StreamingResponse(told(), media_type="text/event-stream")

    @contextmanager
    def _question(self, request: Request, asked: Asked, name: str) -> Iterator[Question]:
        parameters = {name: request.query_params.getlist(name) for name in request.query_params if name not in TIMES}
        query = Query(parameters)
        with self._sources.borrowed() as sources:
            yield Question(sources, asked, query, self._curves, name or query.one("name"))

    def _refused(self, problem: Problem) -> Response:
        return HTMLResponse(as_html(problem_page(problem), Visit("", [], Asked(), "")), problem.status)


def _times_of(request: Request) -> tuple[Asked, dict[str, tuple[str, Misused]]]:
    """The times in the address; and those that are none, as they were given, with what is wrong."""
    times: dict[str, str] = {}
    mistakes: dict[str, tuple[str, Misused]] = {}
    for name in TIMES:
        text = request.query_params.get(name, "").strip()
        try:
            if text and text != "now":
                times[name] = parse_time(text)
        except Misused as mistake:
            mistakes[name] = text, mistake
    return Asked(**times), mistakes


def _require_times(mistakes: dict[str, tuple[str, Misused]]) -> None:
    if mistakes:
        raise Misused("; ".join(f"{name}: {mistake}" for name, (_, mistake) in mistakes.items()))


def _answered(request: Request, answer: Callable[[], Response]) -> Response:
    """An answer for a script, or the line that tells why there is none."""
    try:
        return answer()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        problem = _noted(request, error)
        return Response(problem.message, problem.status, media_type="text/plain")


def _json(content: bytes) -> Response:
    return Response(content, media_type="application/json")


def _noted(request: Request, error: Exception) -> Problem:
    """What the person reads. What whoever runs the server should know is a line on standard error, too."""
    problem = problem_of(error)
    if problem.is_ours:
        line = f"training-events: {request.method} {request.scope['path']}: {problem.message}"
        print(" ".join(printable(line).split()), file=sys.stderr, flush=True)
    return problem
