"""The slider through time: the whole page is of the time that it stands at, and so is the address."""

from urllib.parse import parse_qs, urlsplit

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.support.browser import Browser
from tests.support.shown_pages import PAGES
from tests.support.ui_server import UiServer

AS_OF = ".clock[data-clock=as_of]"
KNOWN_AT = ".clock[data-clock=known_at]"
_SECTIONS = """
return [...document.querySelectorAll('article.page > *')]
  .map(part => part.cloneNode(true))
  .map(part => (part.querySelectorAll('figure.curve, .curve-controls, button, script').forEach(inner => inner.remove()), part))
  .map(part => part.textContent.replace(/\\s+/g, ' ').trim());
"""
"""The texts of the page's parts. Charts and their controls stay while the page changes, and are tested by themselves."""


def _opened(browser: Browser, address: str) -> None:
    browser.open(address)
    browser.until(f"!document.querySelector('{AS_OF} .clock-range').hidden")


def _asked(browser: Browser) -> dict[str, str]:
    parameters = parse_qs(urlsplit(browser.driver.current_url).query)
    return {name: values[0] for name, values in parameters.items() if name in ("as_of", "known_at")}


def _until_shown(browser: Browser) -> None:
    """Until the page is of the times in its address."""
    browser.until(
        "(parameters => ['as_of', 'known_at'].every(name => (parameters.get(name) ?? '') =="
        " document.getElementById('visit').dataset[{as_of: 'asOf', known_at: 'knownAt'}[name]]))"
        "(new URL(location.href).searchParams)"
    )


@pytest.mark.parametrize("clock", [AS_OF, KNOWN_AT])
@pytest.mark.parametrize("name", ["run with attempts", "model", "dataset", "runs", "serving", "late events"])
def test_arrow_keys_lead_through_time_and_the_page_is_what_its_address_shows(
    browser: Browser, ui: UiServer, name: str, clock: str
):
    _opened(browser, ui.address + PAGES[name])
    browser.script("window.isTheSamePage = true")
    browser.find(f"{clock} .clock-range").send_keys(*[Keys.ARROW_LEFT] * 4)
    _until_shown(browser)
    assert len(_asked(browser)) == 1
    assert browser.is_shown(".past")
    swapped = browser.script(_SECTIONS)
    assert browser.script("return window.isTheSamePage")
    browser.open(browser.driver.current_url)
    assert browser.script(_SECTIONS) == swapped
    assert browser.complaints() == []


def test_dragging_shows_the_past_and_back_shows_now_again(browser: Browser, ui: UiServer):
    address = ui.address + PAGES["model"]
    _opened(browser, address)
    now = browser.script(_SECTIONS)
    slider = browser.find(f"{AS_OF} .clock-range")
    width = slider.rect["width"]
    drag = ActionChains(browser.driver).move_to_element_with_offset(slider, width / 2 - 8, 0).click_and_hold()
    drag.move_by_offset(-width / 4, 0).move_by_offset(-width / 4, 0).release().perform()
    _until_shown(browser)
    past = _asked(browser)["as_of"]
    assert browser.is_shown(".past")
    assert browser.script(_SECTIONS) != now
    browser.until("history.length > 2")  # the move has ended
    browser.driver.back()
    browser.until("!document.querySelector('.past')")
    assert browser.driver.current_url == address
    assert browser.script(_SECTIONS) == now
    browser.driver.forward()
    browser.until("document.querySelector('.past')")
    assert _asked(browser) == {"as_of": past}


def test_field_takes_what_the_command_line_takes(browser: Browser, ui: UiServer):
    _opened(browser, ui.address + PAGES["model"])
    browser.find(f"{AS_OF} .clock-time").send_keys("2 weeks ago", Keys.ENTER)
    browser.until("document.querySelector('.past')")
    assert _asked(browser)["as_of"].endswith("Z")
    browser.find(f"{AS_OF} .clock-now").click()
    browser.until("!document.querySelector('.past')")
    assert _asked(browser) == {}


def test_time_that_nobody_understands_is_told_and_the_page_stays(browser: Browser, ui: UiServer):
    _opened(browser, ui.address + PAGES["model"])
    before = browser.script(_SECTIONS)
    browser.find(f"{AS_OF} .clock-time").send_keys("yesterdaz", Keys.ENTER)
    browser.until("document.querySelector('.slider-problem').textContent.includes('yesterdaz')")
    assert browser.script(_SECTIONS) == before
    assert _asked(browser) == {}


def test_links_stay_in_the_time_that_is_shown(browser: Browser, ui: UiServer):
    browser.open(ui.address + PAGES["the past of a model"])
    links = browser.script(
        "return [...document.querySelectorAll('a[href^=\"/\"]:not(.past a)')].map(link => link.getAttribute('href'))"
    )
    assert links
    assert [link for link in links if "as_of=" not in link] == []


def test_without_script_the_fields_are_a_form(browser: Browser, ui: UiServer):
    with browser.without_script():
        browser.open(ui.address + PAGES["model"])
        browser.find(f"{AS_OF} .clock-time").send_keys("2 weeks ago")
        with browser.next_page():
            browser.find(".slider-go").click()
        assert browser.is_shown(".past")
        assert "as_of=2+weeks+ago" in browser.driver.current_url
