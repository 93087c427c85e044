"""The page of a file of evidence as somebody opens it who only has the file: without network, without script, on paper."""

from pathlib import Path

import pytest
from training_events.evidence.page import evidence_html
from training_events.stores.opening import open_event_log

from tests.support.browser import Browser
from tests.support.hostile_texts import DATASET, MODEL, STREAMS
from tests.support.session import once, session_folder
from tests.support.shown_evidence import facts_of
from tests.support.shown_pages import EVERY_LOOK, TWO_LOOKS, flaws_of, settle

SUBJECTS = {"model": "model/digits@3", "run with attempts": "run/digits-resumed", "dataset": "dataset/digits"}
HOSTILE = {"hostile model": f"{MODEL}@script", "hostile run": STREAMS[0], "hostile dataset": DATASET}
_PAPER_WIDTH = 688
"""Of A4 between the margins that page.css has, in CSS pixels."""


@pytest.fixture(scope="session")
def evidence(pytestconfig: pytest.Config, shown_log: Path) -> Path:
    """A folder with a page of each."""
    return once(session_folder(pytestconfig), "evidence", lambda folder: _write_pages(folder, shown_log))


def _write_pages(folder: Path, file: Path) -> None:
    folder.mkdir()
    log = open_event_log(f"sqlite:///{file}")
    for name, subject in {**SUBJECTS, **HOSTILE}.items():
        (folder / f"{name}.html").write_text(evidence_html(facts_of(log, subject)), encoding="utf-8")


@pytest.mark.parametrize("name", SUBJECTS)
def test_page_is_sound_at_every_width_in_both_schemes_without_network(browser: Browser, evidence: Path, name: str):
    file = evidence / f"{name}.html"
    with browser.offline():
        browser.open(file.as_uri())
        assert flaws_of(browser, f"evidence/{name}", EVERY_LOOK) == []
    assert browser.requests() == [file.as_uri()]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_texts_on_the_page(browser: Browser, evidence: Path, name: str):
    file = evidence / f"{name}.html"
    browser.open(file.as_uri())
    assert browser.script("return window.hostile") is None
    assert browser.find_all("x-hostile, img, base, iframe, object, embed, script, [onload], [onerror]") == []
    assert flaws_of(browser, f"evidence/{name}", TWO_LOOKS) == []
    assert browser.requests() == [file.as_uri()]


def test_nothing_is_cut_on_paper(browser: Browser, evidence: Path):
    browser.open((evidence / "model.html").as_uri())
    browser.print("evidence/model")
    browser.set_media("light", media="print")
    browser.set_size(_PAPER_WIDTH)
    settle(browser)
    cut = browser.script(
        "return [...document.querySelectorAll('main *')].filter(element => element.checkVisibility()"
        " && !element.closest('.unseen') && element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1"
        " && getComputedStyle(element).overflowX !== 'visible').map(element => element.outerHTML.slice(0, 160))"
    )
    edge = browser.script("return document.documentElement.scrollWidth")
    browser.set_media()
    assert cut == []
    assert edge <= _PAPER_WIDTH
