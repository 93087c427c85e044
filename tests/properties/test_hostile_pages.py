"""Whatever texts events have, pages show them as text.

No page has an element, an attribute or a link to elsewhere that a page of plain texts would not have, and nothing in it is
hidden from who reads it.
"""

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from training_events import aws
from training_events.event import CONTROL, Event, in_one_form
from training_events.pages.display import display_text
from training_events.pages.page import Asked
from training_events.pages.report.contents import report_pages
from training_events.pages.report.document import report_html
from training_events.pages.report.made import Made
from training_events.pages.server.routes import PAGES
from training_events.pages.stream_page import stream_page
from training_events.reading.opening import open_current_sources
from training_events.reading.states import state_of
from training_events.stores.opening import open_event_log
from training_events.times import later

from tests.support.hostile_texts import HOSTILE, hostile_facts
from tests.support.page_server import page_client
from tests.support.pages import html_of
from tests.support.queues import Queue, sqs_message
from tests.support.strict_html import StrictHtml

FRAGMENTS = [
    *(
        "<",
        ">",
        "&",
        '"',
        "'",
        "`",
        "=",
        "/",
        "//",
        "\\",
        " ",
        "?",
        "#",
        "%",
        "..",
        ";",
        "a",
        "\u0622",
        "\U0001f469\u200d\U0001f52c",
    ),
    *("</script>", "<script>alert(1)</script>", "<!--", "-->", "<![CDATA[", "]]>", "</title>", "</style>", "</svg>", "</pre>"),
    *("javascript:alert(1)", "data:text/html,x", "https://evil.example/", "//evil.example", "onerror=alert(1)", "style=x:y"),
    *("{{ 7 * 7 }}", "{% raw %}", "${7*7}", "&lt;", "&#x3c;script&#x3e;", "&quot;", "\\u003c", "%3Cscript%3E"),
    *("\u202e", "\u2066", "\u2069", "\u200f", "\u061c", "\ufeff", "\u2028", "\x00", "\x07", "\x1b[2J", "\x9b", "\x7f", "\r\n"),
    "long-" * 500,
]
texts = st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=6).map("".join)
fillings = st.fixed_dictionaries(dict.fromkeys(HOSTILE, texts))
"""A text in the place of each of the known hostile ones."""


def filled(value: Any, filling: Mapping[str, str]) -> Any:
    """The value with the texts of the filling in it."""
    if isinstance(value, dict):
        return {filled(key, filling): filled(item, filling) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, filling) for item in value]
    for what, text in HOSTILE.items():
        if isinstance(value, str) and text in value:
            return value.replace(text, filling[what])
    return value


def name(text: str, number: int) -> str:
    """A name that an event may have, unlike any other."""
    seen = CONTROL.sub("", text)[:100]
    return in_one_form(f"{number}{seen}e")


class Shown(Struct, frozen=True):
    """A log in which every text is one of a filling, and messages that could not be recorded, with the same texts."""

    url: str
    streams: list[str]
    messages: list[dict[str, Any]]
    filling: dict[str, str]


def shown(folder: Path, filling: dict[str, str]) -> Shown:
    url = f"sqlite:///{folder}/log.db"
    log = open_event_log(url)
    streams: dict[str, str] = {}
    for number, (stream, type_, data) in enumerate(hostile_facts()):
        kind, _, named = stream.partition("/")
        streams.setdefault(stream, f"{kind}/{name(filled(named, filling), len(streams))}")
        named_type = type_ if type_.isidentifier() else name(filling["markup"], 0)
        at = later("2026-11-22T15:00:00.000000Z", number)
        log.append(Event(f"e-{number}", streams[stream], named_type, at, "tests", filled(data, filling)))
    messages = [sqs_message("unknown_text")]
    for number, text in enumerate(filling.values()):
        original = {"detail-type": text, "id": text, "detail": {"stream": text, "data": {text: text}}}
        message = sqs_message("set_aside", reason=text, explanation=text, original=original)
        messages += [{**message, "MessageId": f"set-aside-{number}"}, {**messages[0], "MessageId": f"{number}", "Body": text}]
    return Shown(url, list(streams.values()), messages, filling)


def requests(log: Shown) -> Iterator[tuple[str, str]]:
    """Every page of the ui, as the route it takes and the address that asks for it; also with texts as its parameters."""
    runs = [stream for stream in log.streams if stream.startswith("run/")]
    for path in PAGES:
        of_streams = [
            stream for stream in log.streams if path in (f"/{stream.partition('/')[0]}/", "/lineage/", "/verification/")
        ]
        for stream in of_streams:
            yield path, path + quote(stream if path in ("/lineage/", "/verification/") else stream.partition("/")[2])
        if not of_streams:
            yield path, f"{path}?{urlencode([('run', run) for run in runs[:3]])}"
            for text in log.filling.values():
                yield (
                    path,
                    f"{path}?{urlencode([(name, text) for name in ('where', 'sort', 'columns', 'run', 'first', 'page')])}",
                )
    for text in log.filling.values():
        yield "no page", f"/nothing/{quote(text)}"
        yield "/runs", f"/runs?{urlencode({'as_of': text, 'known_at': text})}"


def documents(log: Shown) -> Iterator[tuple[str, str]]:
    """The HTML of a report of everything, and of every page of the ui."""
    sources = open_current_sources(log.url)
    made = Made(log.url, "2026-11-22T15:00:00.000000Z", "training-events report")
    yield "report", report_html(report_pages(sources, log.streams, Asked()), Asked(), made)
    queue = Queue(*log.messages)
    with pytest.MonkeyPatch.context() as patch, page_client(log.url) as client:
        patch.setenv("TRAINING_EVENTS_UNDELIVERED", queue.url)
        patch.setattr(aws, "client", lambda _: queue)
        for route, address in requests(log):
            answer = client.get(address)
            assert answer.status_code in (200, 303, 400, 404), f"{address}: {answer.status_code}"
            yield route, answer.text


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[StrictHtml]]:
    """The pages of plain texts, by route."""
    pages: dict[str, list[StrictHtml]] = defaultdict(list)
    for end in ("", "\nplain" * 700):
        filling = {what: f"plain-{number}{end}" for number, what in enumerate(HOSTILE)}
        for route, html in documents(shown(tmp_path_factory.mktemp("plain"), filling)):
            pages[route].append(StrictHtml(html))
    return pages


@given(filling=fillings)
@settings(max_examples=5, deadline=None)
def test_a_page_of_hostile_texts_is_made_of_what_a_page_of_plain_ones_is(
    tmp_path_factory: pytest.TempPathFactory, plain: dict[str, list[StrictHtml]], filling: dict[str, str]
):
    for route, html in documents(shown(tmp_path_factory.mktemp("hostile"), filling)):
        page, likes = StrictHtml(html), plain[route]
        assert page.attributes <= set().union(*(like.attributes for like in likes)), route
        assert page.tags.keys() <= set().union(*(like.tags.keys() for like in likes)), route
        assert page.programs <= set().union(*(like.programs for like in likes)), route
        assert page.comments == [], route
        assert [address for address in page.addresses if not leads_nowhere_else(address)] == [], route
        for data in page.data:
            json.loads(data)
        assert set(filter(is_hidden, page.letters)) == set(), route


def leads_nowhere_else(address: str) -> bool:
    """Within the page or the ui, or, as the repository of a run may, to a web page."""
    return bool(re.match(r"#|\?|/(?!/)|https?://[\w.-]+(/|$)", address))


def is_hidden(letter: str) -> bool:
    """Control characters, overrides of direction, half surrogate pairs; not ends of lines, nor what joins letters and emoji."""
    return unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") and letter not in "\n\t\u200c\u200d"


@given(filling=fillings)
@settings(max_examples=3, deadline=None)
def test_what_people_wrote_is_on_the_page_as_they_wrote_it(tmp_path_factory: pytest.TempPathFactory, filling: dict[str, str]):
    log = shown(tmp_path_factory.mktemp("hostile"), filling)
    sources = open_current_sources(log.url)
    for stream in log.streams:
        page = StrictHtml(html_of(stream_page(sources, stream, Asked())))
        for text in (state_of(sources, stream).description, stream.partition("/")[2]):
            assert " ".join(display_text(text).split()) in page.text
