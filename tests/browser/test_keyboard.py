"""The keyboard alone reaches everything that a mouse does, and what it has reached can be seen."""

import pytest
from selenium.webdriver.common.keys import Keys

from tests.support.browser import Browser
from tests.support.shown_pages import PAGES, settle
from tests.support.ui_server import UiServer

_FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex]"
_REACHABLE = f"""
const seen = element => element.checkVisibility({{visibilityProperty: true}}) && element.getClientRects().length > 0;
const isReached = element => element.tabIndex >= 0 && !element.disabled && seen(element);
const all = [...document.querySelectorAll({_FOCUSABLE!r})].filter(isReached);
const group = element => element.type === 'radio' && document.querySelector(`[name="${{CSS.escape(element.name)}}"]:checked`);
return all.filter(element => !group(element) || element.checked);
"""
_CLICKABLE = f"""
return [...document.querySelectorAll('body *')]
  .filter(element => getComputedStyle(element).cursor === 'pointer' && element.checkVisibility())
  .filter(element => !element.closest({_FOCUSABLE!r}) && !element.closest('label'))
  .map(element => element.outerHTML.slice(0, 160));
"""
_CUT_FOR_GOOD = f"""
return [...document.querySelectorAll('.cut')]
  .filter(text => text.scrollWidth > text.clientWidth && text.checkVisibility())
  .filter(text => !text.closest({_FOCUSABLE!r}) && !text.querySelector({_FOCUSABLE!r}))
  .map(text => text.outerHTML.slice(0, 160));
"""
_FOCUSED = """
const element = document.activeElement, style = getComputedStyle(element);
const ring = box => getComputedStyle(box).outlineStyle !== 'none' && parseFloat(getComputedStyle(box).outlineWidth) > 0;
const label = element.closest('label') || (element.labels && element.labels[0]);
return [element, ring(element) || style.boxShadow !== 'none' || Boolean(label && ring(label))];
"""


@pytest.mark.parametrize(
    "name", ["runs", "models", "run with attempts", "model", "dataset", "two runs", "lineage of a model", "verification"]
)
def test_tab_reaches_everything_that_can_be_clicked_or_is_cut(browser: Browser, ui: UiServer, name: str):
    browser.open(ui.address + PAGES[name])
    settle(browser)
    assert browser.script(_CLICKABLE) == []
    assert browser.script(_CUT_FOR_GOOD) == []
    expected = {element.id: element for element in browser.script(_REACHABLE)}
    assert expected
    reached: dict[str, bool] = {}
    for _ in range(len(expected) + 20):
        browser.press(Keys.TAB)
        element, is_seen = browser.script(_FOCUSED)
        if element.id in reached:
            break
        reached[element.id] = is_seen
    assert [element.get_attribute("outerHTML")[:160] for key, element in expected.items() if key not in reached] == []
    unseen = [key for key, is_seen in reached.items() if not is_seen and key in expected]
    assert [expected[key].get_attribute("outerHTML")[:160] for key in unseen] == []


def test_first_stop_skips_to_the_content(browser: Browser, ui: UiServer):
    browser.open(ui.address + "/runs")
    browser.press(Keys.TAB, Keys.ENTER)
    browser.press(Keys.TAB)
    assert browser.script("return document.activeElement.closest('main') !== null")
