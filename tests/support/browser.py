"""A headless Chromium that shows pages, and tells what it asked for and what went wrong in it.

Selenium drives it. Its own downloads are not used: browser and driver have to be there, as packages of the system.
"""

import base64
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from tests.support.paths import ROOT
from tests.support.patience import until

SCREENS = ROOT / ".build" / "screens"
"""Where screenshots and printed pages of the last run lie, for people to look at."""
WIDTHS = (400, 900, 1600)
SCHEMES = ("light", "dark")
PAGE_SECONDS = 60.0
"""How long a page may take to do something, on a machine that is busy with other tests."""
SHOWN_TEXT = "const shownText = (part) => part && (part.checkVisibility() ? part.innerText.trim() : '');"
"""In a script: what a person reads in a part of the page; null where there is no such part."""
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_DRIVERS = ("chromedriver", "chromium.chromedriver")
_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # root, as in containers, may not have one
    "--disable-dev-shm-usage",  # containers often have a small /dev/shm
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--force-color-profile=srgb",
    "--hide-scrollbars",  # their width differs between systems
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


class BrowserMissing(Exception):  # noqa: N818
    """Its text is one line that tells what to install."""


class Browser:
    """One tab. `open` forgets what the page before asked for and complained of."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver
        self._requests: list[str] = []
        self._complaints: list[str] = []

    def new_tab(self) -> None:
        """Go on in a tab without a history, and close the one before."""
        before = self.driver.current_window_handle
        self.driver.switch_to.new_window("tab")
        fresh = self.driver.current_window_handle
        self.driver.switch_to.window(before)
        self.driver.close()
        self.driver.switch_to.window(fresh)

    def open(self, address: str) -> None:
        self.driver.get("about:blank")
        self._read_logs()
        self._requests.clear()
        self._complaints.clear()
        self.driver.get(address)

    def set_size(self, width: int, height: int = 900) -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.command("Emulation.setDeviceMetricsOverride", **size)

    def set_media(self, scheme: str = "light", media: str = "", **features: str) -> None:
        """The colour scheme that the person prefers, and `print` to see the page as it is printed."""
        wanted = {"prefers-color-scheme": scheme} | {name.replace("_", "-"): value for name, value in features.items()}
        listed = [{"name": name, "value": value} for name, value in wanted.items()]
        self.command("Emulation.setEmulatedMedia", media=media, features=listed)

    @contextmanager
    def without_script(self) -> Iterator[None]:
        self.command("Emulation.setScriptExecutionDisabled", value=True)
        try:
            yield
        finally:
            self.command("Emulation.setScriptExecutionDisabled", value=False)

    @contextmanager
    def next_page(self) -> Iterator[None]:
        """What is done here opens another page: wait for it. On a busy machine a click returns before the page goes."""
        page = self.find("html")
        yield
        until(lambda: _is_gone(page), PAGE_SECONDS)

    @contextmanager
    def offline(self) -> Iterator[None]:
        """Nothing can be reached, this machine neither."""
        conditions = {"latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
        self.command("Network.enable")
        self.command("Network.emulateNetworkConditions", offline=True, **conditions)
        try:
            yield
        finally:
            self.command("Network.emulateNetworkConditions", offline=False, **conditions | {"downloadThroughput": -1})

    def command(self, name: str, **arguments: Any) -> Any:
        """A command of the DevTools protocol. https://chromedevtools.github.io/devtools-protocol/"""
        return self.driver.execute_cdp_cmd(name, arguments)

    def script(self, text: str, *arguments: Any) -> Any:
        return self.driver.execute_script(text, *arguments)

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def find_all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    # A live page may swap a part for a new one between two questions, so each answer comes from one question.
    def text(self, selector: str = "body") -> str:
        """What stands in it. An element that is not there raises what `find` raises."""
        found: str | None = self.script(f"{SHOWN_TEXT} return shownText(document.querySelector(arguments[0]))", selector)
        return self.find(selector).text if found is None else found

    def is_shown(self, selector: str) -> bool:
        """Whether it is on the page and can be seen."""
        return bool(
            self.script("return document.querySelector(arguments[0])?.checkVisibility({visibilityProperty: true})", selector)
        )

    def texts(self, selector: str) -> list[str]:
        """What stands in each of them."""
        found: list[str] = self.script(
            "return [...document.querySelectorAll(arguments[0])].map((found) => found.innerText)", selector
        )
        return found

    def press(self, *keys: str) -> None:
        """Keys, one after the other, for what has the focus."""
        ActionChains(self.driver).send_keys(*keys).perform()

    def until(self, condition: str, *arguments: Any) -> None:
        """Wait until this expression is true in the page."""
        until(lambda: self.script(f"return Boolean({condition})", *arguments), PAGE_SECONDS)

    def requests(self) -> list[str]:
        """The addresses that the page asked for, but for its own data: and blob: addresses."""
        self._read_logs()
        return list(self._requests)

    def complaints(self) -> list[str]:
        """Errors and warnings of the console, as of the content security policy."""
        self._read_logs()
        return list(self._complaints)

    def _read_logs(self) -> None:
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                address = message["params"]["request"]["url"]
                if not address.startswith(("data:", "blob:", "about:")):
                    self._requests.append(address)
        for entry in self.driver.get_log("browser"):
            if entry["level"] in ("SEVERE", "WARNING"):
                self._complaints.append(entry["message"])

    def axe(self) -> list[str]:
        """What axe-core finds that is serious or critical. https://github.com/dequelabs/axe-core"""
        self.script(_axe_source())
        found = self.driver.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            "axe.run(document, {resultTypes: ['violations']}).then(result => done(result.violations))"
        )
        return [
            f"{violation['impact']} {violation['id']}: {node['html'][:200]} {node['failureSummary']}"
            for violation in found
            if violation["impact"] in ("serious", "critical")
            for node in violation["nodes"]
        ]

    def screenshot(self, name: str) -> Path:
        """The whole page, as a file of the run."""
        size = self.command("Page.getLayoutMetrics")["cssContentSize"]
        width = self.script("return document.documentElement.clientWidth")
        clip = {"x": 0, "y": 0, "width": width, "height": min(size["height"], 8000), "scale": 1}
        taken = self.command("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        return _kept(f"{name}.png", taken["data"])

    def print(self, name: str) -> Path:
        """The page on A4, as a PDF among the files of the run."""
        inches = {"paperWidth": 8.27, "paperHeight": 11.69}
        return _kept(f"{name}.pdf", self.command("Page.printToPDF", printBackground=False, **inches)["data"])


def _is_gone(element: WebElement) -> bool:
    try:
        element.is_enabled()
    except StaleElementReferenceException:
        return True
    return False


def _kept(name: str, data: str) -> Path:
    file = SCREENS / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(base64.b64decode(data))
    return file


@cache
def _axe_source() -> str:
    return (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@contextmanager
def running_browser() -> Iterator[Browser]:
    """A browser of its own. Raises BrowserMissing."""
    options = webdriver.ChromeOptions()
    options.binary_location = _program(_BROWSERS, "chromium")
    for flag in _FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options, Service(_program(_DRIVERS, "chromium-driver")))
    try:
        driver.set_page_load_timeout(PAGE_SECONDS)
        driver.set_script_timeout(PAGE_SECONDS)
        yield Browser(driver)
    finally:
        driver.quit()


def _program(names: Sequence[str], package: str) -> str:
    for name in names:
        if path := shutil.which(name):
            return path
    raise BrowserMissing(f"there is no {names[0]}, in which pages are tested: on Debian, apt install {package}")
