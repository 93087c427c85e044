"""Wherever the slider stands, a page has the numbers that `show` and `runs` give for that moment."""

from contextlib import suppress
from itertools import chain
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from training_events.cli.output import with_all_keys
from training_events.errors import NoSuchStream
from training_events.event import Event
from training_events.pages.dataset_page import dataset_page
from training_events.pages.display import display_number
from training_events.pages.group_page import group_page
from training_events.pages.lists.runs import runs_page
from training_events.pages.lists.serving import serving_page
from training_events.pages.lists.streams import datasets_page, models_page
from training_events.pages.model_page import model_page
from training_events.pages.page import Asked, Page, Query
from training_events.pages.run_page import run_page
from training_events.reading.log import Log
from training_events.reading.opening import Sources, open_current_sources

from tests.support.command_line import run_cli
from tests.support.histories import DATA, STREAMS, histories
from tests.support.numbered_log import numbered_log, recorded_at
from tests.support.pages import html_of, text_of

MOMENTS = 5
"""Of each of twenty histories: 100 in all."""
PAGES = {"run": run_page, "model": model_page, "dataset": dataset_page, "group": group_page}

as_of_times = st.none() | st.integers(0, 5).map("2026-11-22T15:00:00.00000{}Z".format)
known_times = st.none() | st.integers(0, 13).map(recorded_at)
moments = st.lists(st.builds(Asked, as_of_times, known_times), min_size=MOMENTS, max_size=MOMENTS)


@st.composite
def measured_histories(draw: st.DrawFn) -> list[Event]:
    """Histories with a few batches of points in each: without them few have any."""
    batches = draw(st.lists(st.tuples(DATA["run"]["MetricsRecorded"], st.integers(0, 5)), max_size=5))
    measured = [
        Event(f"m-{number}", "run/a", "MetricsRecorded", f"2026-11-22T15:00:00.00000{microsecond}Z", "tests", data)
        for number, (data, microsecond) in enumerate(batches)
    ]
    return draw(st.permutations(draw(histories(max_events=9)) + measured))


@given(measured_histories(), moments)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_page_has_the_numbers_of_its_moment(
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
    events: list[Event],
    asked_moments: list[Asked],
):
    file = tmp_path_factory.mktemp("log") / "log.db"
    numbered_log(file, enumerate(events)).log.close()
    sources = open_current_sources(f"sqlite:///{file}")
    for asked in asked_moments:
        for stream in STREAMS:
            shown = _show(capsys, file, stream, asked)
            page = None
            with suppress(NoSuchStream):
                page = PAGES[stream.partition("/")[0]](sources, stream, asked)
            assert (page is None) == (shown is None)
            if page is not None:
                _has_the_numbers_of(page, shown)
        _lists_are_those_of(Log(sources), sources, asked)


def _show(capsys: pytest.CaptureFixture[str], file: Any, stream: str, asked: Asked) -> Any:
    """What `show` prints; None where it knows no such stream at that moment."""
    times = [f"--{name}={time}" for name, time in (("as-of", asked.as_of), ("known-at", asked.known_at)) if time is not None]
    code, out, error = run_cli(capsys, "show", stream, "--json", "--log", f"sqlite:///{file}", *times)
    if code:
        assert "the log has no event of" in error
        return None
    return msgspec.json.decode(out)


def _has_the_numbers_of(page: Page, shown: dict[str, Any]) -> None:
    sections = {section.name: section.content for section in page.sections}
    summary = sections["summary"]
    assert summary.status.partition(",")[0] == shown["status"]
    assert (summary.name, summary.description) == (shown["name"], shown["description"])
    assert {**summary.tags, "group": summary.group} == {"group": None, **shown["tags"]}
    assert (summary.first_at, summary.last_at, summary.order_unknown) == (
        shown["first_at"],
        shown["last_at"],
        shown["order_unknown"],
    )
    assert (summary.hidden is None) == (shown["hidden"] is None)
    assert summary.events == sections["timeline"].timeline.events == shown["counts"]["events"]
    text = text_of(html_of(page))
    if shown["kind"] == "run":
        assert _plain(row.metric for row in summary.run.metrics) == _plain(shown["metrics"].values())
        curves = sections["curves"]
        charts = [chart.runs[0] for chart in (*curves.open, *curves.folded, *curves.counters)]
        assert _plain(chart.last for chart in charts) == _plain(metric["last"] for metric in shown["metrics"].values())
        assert (summary.run.started_at, summary.run.finished_at) == (shown["started_at"], shown["finished_at"])
        for metric in shown["metrics"].values():
            assert display_number(metric["last"]["value"]) in text
    elif shown["kind"] == "model":
        assert {served.stage: served.version for served in sections["stages"]} == shown["stages"]
        assert {version.name for version in sections["versions"]} == shown["versions"].keys()
        assert all(version in text for version in shown["versions"])
    elif shown["kind"] == "dataset":
        assert len(sections["dataset_versions"].versions) == len(shown["versions"])


def _lists_are_those_of(log: Log, sources: Sources, asked: Asked) -> None:
    """Of runs every number that a list can show; of the others which there are, and what serves."""
    times: Any = {"as_of": asked.as_of, "known_at": asked.known_at}
    rows = [row.run for row in _content(runs_page(sources, asked, Query())).rows]
    summaries = log.runs(**times)
    assert [
        {name: getattr(row, name) for name in row.__struct_fields__ if hasattr(summary, name)}
        for row, summary in zip(rows, summaries, strict=True)
    ] == [msgspec.structs.asdict(summary) for summary in summaries]
    models = [model for model in log.models(**times) if not model.is_only_logged]
    for page, listed in ((models_page, models), (datasets_page, log.datasets(**times))):
        assert _content(page(sources, asked, Query())).rows == list(listed)
    assert _plain(chain.from_iterable(_content(serving_page(sources, asked, Query())).stages.values())) == _plain(
        log.serving(**times)
    )


def _content(page: Page) -> Any:
    [section] = page.sections
    return section.content


def _plain(values: Any) -> list[Any]:
    """As JSON has them, in an order of their own."""
    return sorted(msgspec.json.decode(msgspec.json.encode([with_all_keys(value) for value in values])), key=repr)
