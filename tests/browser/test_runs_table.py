"""The table of runs in a browser: runs are chosen by mouse and by keyboard, and nothing loads the page again."""

from urllib.parse import parse_qs, urlsplit

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.support.browser import Browser
from tests.support.ui_server import UiServer

BOXES = 'tbody input[name="run"]'


def opened(browser: Browser, ui: UiServer, query: str = "") -> None:
    """The table, with nothing chosen, and marked so that another page would be noticed."""
    browser.open(f"{ui.address}/runs{query}")
    browser.script("sessionStorage.clear()")
    browser.driver.refresh()
    browser.script("window.isSamePage = true")


def chosen(browser: Browser) -> list[int]:
    """The rows that are ticked, by their numbers."""
    ticked = browser.script(f"return [...document.querySelectorAll('{BOXES}')].map((box) => box.checked)")
    return [number for number, is_ticked in enumerate(ticked) if is_ticked]


def parameters(browser: Browser) -> dict[str, list[str]]:
    return parse_qs(urlsplit(browser.driver.current_url).query)


def heads(browser: Browser) -> list[str]:
    return [head for head in browser.texts(".runs thead th") if head]


def test_shift_ticks_all_between_two_and_the_head_ticks_all(browser: Browser, ui: UiServer) -> None:
    opened(browser, ui)
    boxes = browser.find_all(BOXES)
    boxes[1].click()
    assert "two make a comparison" in browser.text(".selected-count")
    assert not browser.find(".compare-selected button").is_enabled()
    ActionChains(browser.driver).key_down(Keys.SHIFT).click(boxes[4]).key_up(Keys.SHIFT).perform()
    assert chosen(browser) == [1, 2, 3, 4]
    assert browser.text(".selected-count") == "4 selected"
    browser.find(".choose-all").click()
    assert len(chosen(browser)) == len(boxes)
    browser.find(".choose-none").click()
    assert chosen(browser) == []
    assert not browser.is_shown(".choose-none")


def test_arrows_lead_from_box_to_box(browser: Browser, ui: UiServer) -> None:
    opened(browser, ui)
    browser.script(f"document.querySelectorAll('{BOXES}')[1].focus()")
    browser.press(Keys.SPACE, Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.SPACE, Keys.ARROW_UP, Keys.SPACE)
    assert chosen(browser) == [1, 2, 3]


def test_what_is_chosen_on_another_page_is_compared_too(browser: Browser, ui: UiServer) -> None:
    opened(browser, ui, "?limit=2")
    first = browser.find(BOXES)
    run = first.get_attribute("value")
    first.click()
    browser.find("a[rel=next]").click()
    browser.until("document.querySelector('a[rel=prev]')")
    browser.find(BOXES).click()
    assert browser.text(".selected-count") == "2 selected, 1 not in this table"
    browser.find(".compare-selected button").click()
    browser.until("location.pathname === '/compare'")
    assert len(parameters(browser)["run"]) == 2
    assert run in parameters(browser)["run"]


def test_a_head_sorts_in_the_same_page_and_keeps_the_focus_and_back_undoes_it(browser: Browser, ui: UiServer) -> None:
    opened(browser, ui)
    browser.find("a.sort[data-field='metrics.eval/accuracy']").send_keys(Keys.ENTER)
    browser.until("document.querySelector('th[aria-sort=descending]')")
    assert parameters(browser)["sort"] == ["-metrics.`eval/accuracy`"]
    browser.until("document.activeElement.dataset.field === 'metrics.eval/accuracy'")
    browser.press(Keys.ENTER)
    browser.until("document.querySelector('th[aria-sort=ascending]')")
    browser.driver.back()
    browser.until("document.querySelector('th[aria-sort=descending]')")
    assert browser.script("return window.isSamePage")


def test_a_condition_is_asked_in_the_same_page_and_a_mistake_is_told_beside_it(browser: Browser, ui: UiServer) -> None:
    opened(browser, ui)
    browser.find("#where").send_keys("status = 'failed'", Keys.ENTER)
    browser.until(
        "document.querySelectorAll('.runs .status-failed').length === document.querySelectorAll('.runs tbody tr').length"
    )
    assert parameters(browser) == {"where": ["status = 'failed'"]}, "the columns are those that suit the runs"
    browser.find("#where").send_keys(" and", Keys.ENTER)
    browser.until("document.querySelector('#mistake')")
    assert browser.find("#where").get_attribute("value") == "status = 'failed' and"
    assert browser.script("return document.activeElement.id") == "where"
    assert browser.script("return window.isSamePage")


def test_columns_come_and_go_in_the_same_page(browser: Browser, ui: UiServer) -> None:
    opened(browser, ui)
    browser.find("details.columns summary").click()
    assert "took" not in heads(browser)
    browser.find(".column-choice input[value=duration]").click()
    browser.until("[...document.querySelectorAll('.runs thead th')].some((head) => head.textContent.trim() === 'took')")
    assert browser.find(".column-choice input[value=duration]").is_selected()
    assert browser.find("details.columns").get_attribute("open")
    browser.find(".column-choice input[value=duration]").click()
    browser.until("[...document.querySelectorAll('.runs thead th')].every((head) => head.textContent.trim() !== 'took')")
    assert not browser.find(".column-choice input[value=duration]").is_selected()
    assert browser.script("return window.isSamePage")


def test_without_script_it_is_links_and_forms(browser: Browser, ui: UiServer) -> None:
    with browser.without_script():
        browser.open(f"{ui.address}/runs")
        with browser.next_page():
            browser.find("#where").send_keys("status = 'failed'", Keys.ENTER)
        assert parameters(browser)["where"] == ["status = 'failed'"]
        with browser.next_page():
            browser.find("a.sort[data-field=run]").click()
        assert parameters(browser)["sort"] == ["id"]
        boxes = browser.find_all(BOXES)
        for box in boxes[:2]:
            box.click()
        with browser.next_page():
            browser.find(".compare-selected button").click()
        assert len(parameters(browser)["run"]) == 2
