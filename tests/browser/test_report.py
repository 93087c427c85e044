"""A report as somebody opens it who only has the file: without network, without script, on paper, with hostile texts in it."""

import shutil
from pathlib import Path

import pytest
from training_events import cli

from tests.support.browser import PAGE_SECONDS, Browser
from tests.support.hostile_texts import DATASET, MODEL, STREAMS
from tests.support.patience import until
from tests.support.session import once, session_folder
from tests.support.shown_pages import TWO_LOOKS, flaws_of, settle

REPORTS = {
    "run": ["run/digits-4"],
    "run with attempts": ["run/digits-resumed"],
    "run that failed": ["run/digits-diverged"],
    "odd metrics": ["run/odd-metrics"],
    "runs": ["run/digits-3", "run/digits-4", "run/digits-5"],
    "model": ["model/digits"],
    "dataset": ["dataset/digits"],
    "the past": ["run/digits-4", "--as-of", "3 weeks ago"],
}
_PAPER_WIDTH = 688
"""Of A4 between the margins that page.css has, in CSS pixels."""
HOSTILE = {"hostile runs": STREAMS, "hostile model": [MODEL], "hostile dataset": [DATASET]}


@pytest.fixture(scope="session")
def reports(pytestconfig: pytest.Config, shown_log: Path) -> Path:
    """A folder with each report, and nothing else in it."""
    return once(session_folder(pytestconfig), "reports", lambda folder: _write_reports(folder, f"sqlite:///{shown_log}"))


def _write_reports(folder: Path, log: str) -> None:
    folder.mkdir()
    for name, arguments in {**REPORTS, **HOSTILE}.items():
        assert cli.run(["report", *arguments, "-o", str(folder / f"{name}.html"), "--log", log]) == 0


def _shown_curves(browser: Browser, selector: str) -> list[str]:
    """The metrics of the curves that are seen as this."""
    shown: list[str] = browser.script(
        "return [...document.querySelectorAll('figure.curve')]"
        ".filter(figure => [...figure.querySelectorAll(arguments[0])].some(part => part.checkVisibility()"
        " && part.getBoundingClientRect().width > 100))"
        ".map(figure => figure.dataset.metric)",
        selector,
    )
    return shown


@pytest.mark.parametrize("name", REPORTS)
def test_report_is_whole_in_another_folder_without_network(browser: Browser, reports: Path, tmp_path: Path, name: str):
    file = shutil.copy(reports / f"{name}.html", tmp_path)
    with browser.offline():
        browser.open(Path(file).as_uri())
        flaws = flaws_of(browser, f"report/{name}", TWO_LOOKS)
    assert flaws == []
    assert browser.requests() == [Path(file).as_uri()]


@pytest.mark.parametrize("name", ["run with attempts", "runs"])
def test_charts_are_drawn_without_network(browser: Browser, reports: Path, name: str):
    with browser.offline():
        browser.open((reports / f"{name}.html").as_uri())
        browser.script("document.querySelector('figure.curve[data-metric=\"train/loss\"]').scrollIntoView()")  # made when seen
        until(lambda: "train/loss" in _shown_curves(browser, "canvas"), PAGE_SECONDS)
    assert browser.complaints() == []


@pytest.mark.parametrize("name", ["run with attempts", "runs", "model", "dataset"])
def test_report_shows_curves_and_tables_without_script(browser: Browser, reports: Path, name: str):
    with browser.without_script():
        browser.open((reports / f"{name}.html").as_uri())
        settled = browser.screenshot(f"report without script/{name}")
        assert settled.stat().st_size > 0
        if name not in ("model", "dataset"):
            assert "train/loss" in _shown_curves(browser, "svg.curve-static")
        # what is only found by opening a `details` is there too, and needs no script to be opened
        hidden = browser.script(
            "const unseen = table => !table.checkVisibility() && !table.closest('details');"
            "return [...document.querySelectorAll('table')].filter(unseen)"
            ".map(table => table.outerHTML.slice(0, 160))"
        )
        assert hidden == []
    assert browser.complaints() == []


@pytest.mark.parametrize("name", REPORTS)
def test_nothing_is_cut_on_paper(browser: Browser, reports: Path, name: str):
    browser.open((reports / f"{name}.html").as_uri())
    browser.print(f"report/{name}")
    browser.set_media("light", media="print")
    browser.set_size(_PAPER_WIDTH)
    settle(browser)
    cut = browser.script(
        "return [...document.querySelectorAll('main *')].filter(element => element.checkVisibility()"
        " && !element.closest('.unseen') && element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1"
        " && getComputedStyle(element).overflowX !== 'visible').map(element => element.outerHTML.slice(0, 160))"
    )
    edge = browser.script("return document.documentElement.scrollWidth")
    drawn = _shown_curves(browser, "svg.curve-static")
    browser.set_media()
    assert cut == []
    assert edge <= _PAPER_WIDTH
    if name.startswith("run"):
        assert "train/loss" in drawn  # a canvas is not sharp on paper


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_texts_in_a_report(browser: Browser, reports: Path, name: str):
    file = reports / f"{name}.html"
    browser.open(file.as_uri())
    settle(browser)
    assert browser.script("return window.hostile") is None
    assert browser.find_all("x-hostile, img, base, iframe, object, embed, [onload], [onerror]") == []
    assert browser.find_all("a[href^='javascript:' i], [src^='javascript:' i]") == []
    assert browser.requests() == [file.as_uri()]
    assert flaws_of(browser, f"report/{name}", TWO_LOOKS) == []
