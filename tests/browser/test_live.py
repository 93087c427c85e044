"""A page that is open while the log goes on: it moves by itself, and what a person did on it stays."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from training_events.event import Event
from training_events.stores.opening import open_event_log
from training_events.times import now, to_utc_text

from tests.support.browser import PAGE_SECONDS, Browser
from tests.support.patience import until
from tests.support.ui_server import UiServer, running_ui


class Training:
    """A run that records as it goes."""

    def __init__(self, log: Path) -> None:
        self.url = f"sqlite:///{log}"
        self._log = open_event_log(self.url)
        self._events = 0

    def record(self, type_: str, run: str = "run/live", **data: object) -> None:
        self._events += 1
        self._log.append(Event(f"live-{self._events:04d}", run, type_, to_utc_text(now()), "tests", dict(data)))

    def loss(self, step: int, value: float) -> None:
        self.record("MetricsRecorded", points=[{"name": "loss", "value": value, "step": step}])


@pytest.fixture
def training(tmp_path: Path) -> Training:
    training = Training(tmp_path / "live.db")
    training.record("TrainingStarted", model="digits", hyperparameters={"alpha": 0.1})
    for step in range(5):
        training.loss(step, 2.5 - step / 4)
    return training


@pytest.fixture
def live_ui(training: Training) -> Iterator[UiServer]:
    with running_ui(training.url) as server:
        yield server


def test_page_of_a_running_run_moves_by_itself(browser: Browser, training: Training, live_ui: UiServer):
    browser.open(f"{live_ui.address}/run/live")
    browser.until("document.querySelector('figure.curve canvas')")
    browser.script("window.isTheSamePage = true; document.querySelector('.section-check summary, details > summary').click()")
    canvas = browser.find("figure.curve canvas")
    training.loss(5, 0.125)
    until(lambda: "0.125" in browser.text("#summary"), PAGE_SECONDS)
    training.record("TrainingCompleted")
    until(lambda: "completed" in browser.text("#summary"), PAGE_SECONDS)
    assert browser.script("return window.isTheSamePage")
    assert browser.script("return document.querySelector('details[open]') !== null")
    assert canvas.is_displayed()  # the chart was not made again
    assert browser.complaints() == []


def test_list_of_runs_gets_a_new_run_while_somebody_types(browser: Browser, training: Training, live_ui: UiServer):
    browser.open(f"{live_ui.address}/runs")
    field = browser.find("input[name=where]")
    field.send_keys("metrics.lo")
    training.record("TrainingStarted", run="run/new", model="digits")
    until(lambda: "new" in browser.texts("table .name"), PAGE_SECONDS)
    assert browser.script("return document.activeElement.value") == "metrics.lo"
    browser.press("ss")
    assert browser.script("return document.activeElement.value") == "metrics.loss"


def test_page_about_the_past_stays(browser: Browser, training: Training, live_ui: UiServer):
    browser.open(f"{live_ui.address}/run/live?as_of={to_utc_text(now())}")
    before = browser.text("#summary")
    browser.script("window.other = open('/run/live', 'other'); return null")
    training.loss(5, 0.125)
    first, other = browser.driver.window_handles
    try:
        browser.driver.switch_to.window(other)
        until(lambda: "0.125" in browser.text("#summary"), PAGE_SECONDS)
    finally:
        browser.driver.close()
        browser.driver.switch_to.window(first)
    assert browser.text("#summary") == before


def test_page_says_that_the_server_is_gone(browser: Browser, training: Training):
    with running_ui(training.url) as server:
        browser.open(f"{server.address}/run/live")
        assert not browser.is_shown("#connection")
        server.process.send_signal(signal.SIGINT)
        code = server.process.wait(PAGE_SECONDS)
        until(lambda: browser.is_shown("#connection"), PAGE_SECONDS)
    assert code in (0, 130)
