"""Every page, at every width, light and dark: nothing goes wrong in the browser, and nothing is asked for elsewhere."""

import pytest

from tests.support.browser import Browser
from tests.support.shown_pages import EVERY_LOOK, HOSTILE_PAGES, PAGES, TWO_LOOKS, flaws_of
from tests.support.ui_server import UiServer

_ELSEWHERE = ("no such run", "no such page", "no such time")
"""Their status is an error, of which the console tells."""


@pytest.mark.parametrize("name", PAGES)
def test_page_is_sound_at_every_width_in_both_schemes(browser: Browser, ui: UiServer, name: str):
    browser.open(ui.address + PAGES[name])
    flaws = flaws_of(browser, name, EVERY_LOOK)
    if name in _ELSEWHERE:
        flaws = [flaw for flaw in flaws if "the server responded with a status of 40" not in flaw]
    assert flaws == []
    assert [address for address in browser.requests() if not address.startswith(f"{ui.address}/")] == []


@pytest.mark.parametrize("name", HOSTILE_PAGES)
def test_hostile_texts_are_shown_as_texts(browser: Browser, ui: UiServer, name: str):
    browser.open(ui.address + HOSTILE_PAGES[name])
    assert browser.find_all("main section"), browser.text()  # it is a page, and no error
    assert browser.script("return window.hostile") is None
    assert browser.find_all("x-hostile, img, base, iframe, object, embed, body style:not([nonce]), [onload], [onerror]") == []
    assert browser.find_all("a[href^='javascript:' i], [src^='javascript:' i]") == []
    assert flaws_of(browser, f"hostile/{name}", TWO_LOOKS) == []
