"""A chart of a page in the browser, as the person who looks at it uses it."""

from typing import Any

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from tests.support.browser import SHOWN_TEXT, Browser
from tests.support.patience import until

_COLOURED = """
const canvas = arguments[0].querySelector('canvas');
const { data, width, height } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
const places = [];
for (let i = 0; i < width * height; i++) {
  const [red, green, blue, alpha] = data.subarray(4 * i, 4 * i + 4);
  if (alpha > 40 && Math.max(red, green, blue) - Math.min(red, green, blue) > 60) places.push(i);
}
return places;
"""
_PLOT = """
const figure = [...document.querySelectorAll('figure.curve')].find(figure => figure.dataset.metric === arguments[0]);
return figure.querySelector('.curve-plot');
"""
_OPEN = """
for (let box = arguments[0]; box; box = box.parentElement) if (box.tagName === 'DETAILS') box.open = true;
arguments[0].scrollIntoView({block: 'center'});
"""


class Chart:
    """The chart of a metric. It is there once it was scrolled to."""

    def __init__(self, browser: Browser, metric: str) -> None:
        self._browser = browser
        self._plot: WebElement = browser.script(_PLOT, metric)
        browser.script(_OPEN, self._plot)
        self.until_note("")

    # What stands around the plot is another figure after each change of a live page, and so is what stands in it. So each
    # answer comes from one question, which begins at the plot: that stays.
    @property
    def text(self) -> str:
        """What stands in the chart's figure."""
        return str(self._ask("shownText(plot.closest('figure'))"))

    @property
    def is_shown(self) -> bool:
        return bool(self._ask("plot.closest('figure').checkVisibility()"))

    def shows(self, part: str) -> bool:
        """Whether this part of the figure can be seen."""
        return bool(self._ask(f"plot.closest('figure').querySelector('{part}').checkVisibility({{visibilityProperty: true}})"))

    @property
    def note(self) -> str:
        """Which part is shown, at which resolution, and what is not."""
        return str(self._ask("shownText(plot.querySelector('.curve-note'))"))

    @property
    def values(self) -> str:
        """What the box at the cursor says."""
        return str(self._ask("shownText(plot.querySelector('.curve-values'))"))

    @property
    def spoken(self) -> str:
        return str(self._ask("plot.querySelector('[aria-live]').textContent"))

    @property
    def marks(self) -> list[str]:
        return list(self._ask("[...plot.querySelectorAll('.curve-mark')].map(mark => mark.title)"))

    def until_note(self, expected: str) -> None:
        until(lambda: self.note and expected in self.note)

    def coloured_pixels(self) -> set[int]:
        """The pixels of the canvas on which there is a line, by their number."""
        return set(self._browser.script(_COLOURED, self._plot))

    def height_of_lines(self) -> float:
        """From their lowest to their highest pixel, as a share of the plot."""
        width = self._ask("plot.querySelector('canvas').width")
        rows = [pixel // width for pixel in self.coloured_pixels()]
        height = max(rows) - min(rows)
        return float(height / self._part(".u-over").size["height"])

    def drag(self, begin: float, end: float) -> None:
        """From one share of the plot's width to another."""
        plot = self._part(".u-over")
        width = plot.size["width"]
        actions = ActionChains(self._browser.driver)
        actions.move_to_element_with_offset(plot, round(width * (begin - 0.5)), 0).click_and_hold()
        actions.move_by_offset(round(width * (end - begin)), 3).release().perform()

    def point_at(self, share: float) -> None:
        plot = self._part(".u-over")
        offset = round(plot.size["width"] * (share - 0.5))
        ActionChains(self._browser.driver).move_to_element_with_offset(plot, offset, 0).perform()

    def double_click(self) -> None:
        ActionChains(self._browser.driver).double_click(self._part(".u-over")).perform()

    def press(self, *keys: str) -> None:
        self._browser.script("arguments[0].focus()", self._part(".curve-chart"))
        self._browser.press(*keys)

    def shift(self, key: str) -> None:
        self._browser.script("arguments[0].focus()", self._part(".curve-chart"))
        ActionChains(self._browser.driver).key_down(Keys.SHIFT).send_keys(key).key_up(Keys.SHIFT).perform()

    def _ask(self, expression: str) -> Any:
        """The value of an expression about the `plot`."""
        return self._browser.script(f"{SHOWN_TEXT} const plot = arguments[0]; return {expression}", self._plot)

    def _part(self, selector: str) -> WebElement:
        return self._plot.find_element(By.CSS_SELECTOR, selector)


def choose(browser: Browser, control: str, value: str) -> None:
    """Set a control above the charts, by its kind, and tell the page as a person's change does."""
    browser.script(
        "const control = document.querySelector(arguments[0]); control.value = arguments[1];"
        "control.dispatchEvent(new Event('input', {bubbles: true}))",
        f".curve-controls input[type={control}]",
        value,
    )
