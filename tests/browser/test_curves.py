"""Charts in the browser: zoomed, by logarithm, smoothed, by keyboard, with what is not finite and what goes on."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys
from training_events import cli
from training_events.event import Event
from training_events.stores.sqlite.database import Database
from training_events.stores.sqlite.event_log import SqliteLog
from training_events.times import now

from benchmarks import long_run
from tests.support.browser import Browser
from tests.support.charts import Chart, choose
from tests.support.patience import until
from tests.support.session import once, session_folder
from tests.support.ui_server import UiServer, running_ui

LOSS = "train/loss"
RUNS = ["digits-resumed", "digits-diverged", "odd-metrics"]


@pytest.fixture(scope="session")
def reports(pytestconfig: pytest.Config, shown_log: Path) -> Path:
    return once(
        session_folder(pytestconfig), "reports of curves", lambda folder: _write_reports(folder, f"sqlite:///{shown_log}")
    )


def _write_reports(folder: Path, log: str) -> None:
    folder.mkdir()
    for run in RUNS:
        assert cli.run(["report", f"run/{run}", "-o", str(folder / f"{run}.html"), "--log", log]) == 0


def _opened(browser: Browser, reports: Path, name: str, metric: str, choices: str = "") -> Chart:
    browser.open((reports / f"{name}.html").as_uri() + choices)
    return Chart(browser, metric)


def test_dragging_zooms_and_a_double_click_shows_the_whole(browser: Browser, reports: Path):
    chart = _opened(browser, reports, "digits-diverged", LOSS)
    whole = chart.note
    chart.drag(0.25, 0.5)
    first, last = map(int, re.findall(r"\d+", chart.note)[:2])
    assert 20 <= first < last <= 60
    chart.double_click()
    assert chart.note == whole
    assert browser.complaints() == []


def test_every_move_of_a_chart_can_be_made_by_keyboard(browser: Browser, reports: Path):
    chart = _opened(browser, reports, "digits-diverged", LOSS)
    whole = chart.note
    chart.press(Keys.HOME)
    assert "step 0" in chart.values
    chart.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert "step 2" in chart.values
    until(lambda: chart.spoken.startswith("step 2: digits-diverged "))
    chart.press("+")
    zoomed = chart.note
    assert zoomed != whole
    assert "step 2" in chart.values  # the point stays where it is
    chart.shift(Keys.ARROW_RIGHT)
    assert chart.note not in (whole, zoomed)
    chart.press(Keys.END)
    assert "to 108 " in chart.note  # the range goes with the cursor
    chart.press("0")
    assert chart.note == whole
    chart.press(Keys.ESCAPE)
    assert chart.values == ""


def test_keys_are_told_to_whoever_has_the_focus(browser: Browser, reports: Path):
    chart = _opened(browser, reports, "digits-diverged", LOSS)
    chart.press(Keys.HOME)
    shown = browser.script("return document.getElementById(document.activeElement.getAttribute('aria-describedby'))")
    assert shown.is_displayed()
    assert "zoom" in shown.text


def test_what_is_not_finite_is_marked_where_it_is(browser: Browser, reports: Path):
    chart = _opened(browser, reports, "digits-diverged", LOSS)
    until(lambda: len(chart.marks) >= 3)
    first = [mark.partition(" (")[0] for mark in chart.marks[:3]]  # those close to them share a mark
    assert first == ["∞ at step 103", "-∞ at step 105", "NaN at step 106"]
    assert _opened(browser, reports, "odd-metrics", "only_nan").note.endswith("no finite value")


def test_values_that_a_logarithm_cannot_show_are_counted(browser: Browser, reports: Path):
    chart = _opened(browser, reports, "odd-metrics", "negative")
    assert "not shown" not in chart.note
    browser.find(".curve-controls input[type=checkbox]").click()
    chart.until_note("not shown: 20 values of 0 or less")


def test_smoothing_keeps_the_line_as_it_is(browser: Browser, reports: Path):
    chart = _opened(browser, reports, "digits-resumed", LOSS)
    raw = chart.coloured_pixels()
    choose(browser, "range", "0.95")
    until(lambda: chart.coloured_pixels() != raw)
    with_smooth_line = chart.coloured_pixels()
    # the edges of a paler line are too pale to count
    assert len(raw & with_smooth_line) > 0.5 * len(raw)
    assert len(with_smooth_line - raw) > 100
    chart.press(Keys.HOME)
    assert "raw" in chart.values


def test_points_without_steps_are_drawn_along_the_time(browser: Browser, reports: Path):
    chart = _opened(browser, reports, "odd-metrics", "without_steps")
    assert chart.note.startswith("0s to 1m59s after the start")
    assert "without steps" in chart.note


@pytest.mark.parametrize("metric", ["one_point", "constant", "huge", "tiny", "steps_that_go_back", "fractional_steps"])
def test_odd_metrics_are_drawn(browser: Browser, reports: Path, metric: str):
    chart = _opened(browser, reports, "odd-metrics", metric)
    assert chart.coloured_pixels()
    assert browser.complaints() == []


def test_choices_are_kept_in_the_address(browser: Browser, reports: Path):
    _opened(browser, reports, "digits-resumed", LOSS)
    browser.find(".curve-controls input[value=elapsed]").click()
    choose(browser, "range", "0.5")
    browser.until("location.hash.includes('smooth')")
    sent = _opened(browser, reports, "digits-resumed", LOSS, browser.script("return location.hash"))
    assert "after the start" in sent.note
    sent.press(Keys.HOME)
    assert "raw" in sent.values


def test_legend_hides_runs_and_the_address_keeps_which(browser: Browser, ui: UiServer):
    browser.open(f"{ui.address}/compare?run=digits-3&run=digits-4")
    chart = Chart(browser, LOSS)
    chart.press(Keys.HOME)
    assert "digits-4" in chart.values
    browser.find(".curve-legend [data-run='digits-4'] input").click()
    browser.until("location.hash.includes('hide=digits-4')")
    browser.open(browser.script("return location.href"))
    chart = Chart(browser, LOSS)
    chart.press(Keys.HOME)
    assert "digits-3" in chart.values
    assert "digits-4" not in chart.values
    assert not browser.find(".curve-legend [data-run='digits-4'] input").is_selected()


def test_cursor_is_at_the_same_place_in_all_charts(browser: Browser, reports: Path):
    other, chart = _opened(browser, reports, "digits-resumed", "eval/accuracy"), Chart(browser, LOSS)
    chart.press(Keys.END)
    assert chart.values.startswith("step 299")
    assert other.values.startswith("step 299")


def test_metrics_are_found_by_a_part_of_their_name(browser: Browser, reports: Path):
    chart = _opened(browser, reports, "odd-metrics", "constant")
    choose(browser, "search", "TINY")
    until(lambda: not chart.is_shown)
    shown = [figure.get_attribute("data-metric") for figure in browser.find_all("figure.curve") if figure.is_displayed()]
    assert shown == ["tiny"]


def test_paper_has_the_drawing_and_not_the_canvas(browser: Browser, reports: Path):
    chart = _opened(browser, reports, "digits-diverged", LOSS)
    browser.set_media("light", media="print")
    is_shown = chart.shows("svg.curve-static"), chart.shows("canvas")
    browser.set_media()
    assert is_shown == (True, False)


@pytest.fixture(scope="module")
def live_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log for tests that write to it: of a run that goes on, and of one with too many points for a screen."""
    file = tmp_path_factory.mktemp("live") / "live.db"
    long_run.fill(file, "run/long", events=40, steps=500)
    return file


@pytest.fixture(scope="module")
def live_ui(live_log: Path) -> Iterator[UiServer]:
    with running_ui(f"sqlite:///{live_log}") as server:
        yield server


def _train(log: Path, steps: range) -> None:
    """The run goes on by these steps."""
    _record(log, "run/live", steps.start, [1 / (step + 1) for step in steps])


def _record(log: Path, run: str, first: int, values: list[float]) -> None:
    points = [{"name": "loss", "value": value, "step": step} for step, value in enumerate(values, first)]
    event = Event(f"{run}-{first}", run, "MetricsRecorded", now(), "tests", {"points": points})
    SqliteLog(Database(str(log))).append(event)


@pytest.mark.parametrize("place", range(700, 704))  # the first of those on a pixel, the last one, and between
def test_one_spike_among_many_points_is_seen(browser: Browser, live_log: Path, live_ui: UiServer, place: int):
    run = f"run/spike-{place}"
    _record(live_log, run, 0, [1.0 if step == place else 0.0 for step in range(1500)])
    browser.open(f"{live_ui.address}/{run}")
    chart = Chart(browser, "loss")
    assert "every point" in chart.note  # so it is the script that draws several points on one pixel
    assert chart.height_of_lines() > 0.8


def _step(values: str) -> int:
    return int(re.findall(r"step ([\d,]+)", values)[0].replace(",", ""))


def test_zooming_gets_finer_points_down_to_every_one(browser: Browser, live_ui: UiServer):
    browser.set_size(400)
    browser.open(f"{live_ui.address}/run/long")
    chart = Chart(browser, "loss")
    chart.until_note("each pair of dots: ")
    coarse = browser.requests()
    for _ in range(10):
        chart.press("+")
    chart.until_note("every point")
    chart.press(Keys.ARROW_RIGHT)
    first = _step(chart.values)
    chart.press(Keys.ARROW_RIGHT)
    assert _step(chart.values) == first + 1
    chart.press(Keys.END)
    assert _step(chart.values) == 19_999
    finer = [address for address in browser.requests() if address not in coarse]
    assert finer
    assert all("&from=" in address and "&to=" in address for address in finer)
    assert browser.complaints() == []


def test_a_running_run_moves_its_chart_and_leaves_a_zoom_as_it_is(browser: Browser, live_log: Path, live_ui: UiServer):
    _train(live_log, range(30))
    browser.open(f"{live_ui.address}/run/live")
    chart = Chart(browser, "loss")
    chart.until_note("steps 0 to 29")
    _train(live_log, range(30, 60))
    chart.until_note("steps 0 to 59")  # what nobody zoomed goes with the right edge
    chart.drag(0.3, 0.6)
    zoomed = chart.note
    _train(live_log, range(60, 90))
    until(lambda: "90 points" in chart.text)
    assert chart.note == zoomed
    chart.double_click()
    chart.until_note("steps 0 to 89")
    assert browser.complaints() == []


def test_the_cursor_of_the_keyboard_stays_while_the_run_goes_on(browser: Browser, live_log: Path, live_ui: UiServer):
    _record(live_log, "run/read", 0, [1.0] * 30)
    browser.open(f"{live_ui.address}/run/read")
    chart = Chart(browser, "loss")
    chart.press(Keys.HOME, Keys.ARROW_RIGHT)
    _record(live_log, "run/read", 30, [1.0] * 30)
    chart.until_note("steps 0 to 59")
    assert chart.values.startswith("step 1")
    browser.press(Keys.ARROW_RIGHT)
    assert chart.values.startswith("step 2")
