"""Pages in a real browser: each process of the tests has one browser, and one server for each log.

Without a browser every test of this folder fails with one line, which says what to install.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.browser import Browser, BrowserMissing, running_browser
from tests.support.session import once, session_folder
from tests.support.shown_log import write_many, write_shown_log
from tests.support.ui_server import UiServer, running_ui


@pytest.fixture(scope="session")
def one_browser() -> Iterator[Browser]:
    try:
        with running_browser() as browser:
            yield browser
    except BrowserMissing as missing:
        pytest.fail(str(missing), pytrace=False)


@pytest.fixture
def browser(one_browser: Browser) -> Browser:
    """A tab as a person finds it: new, light and wide."""
    one_browser.new_tab()
    one_browser.set_size(1600)
    one_browser.set_media("light")
    return one_browser


@pytest.fixture(scope="session")
def shown_log(pytestconfig: pytest.Config) -> Path:
    """Nobody writes to it: all tests share it."""
    return once(session_folder(pytestconfig), "shown.db", lambda file: write_shown_log(file, datetime.now(UTC)))


@pytest.fixture(scope="session")
def ui(shown_log: Path) -> Iterator[UiServer]:
    with running_ui(f"sqlite:///{shown_log}") as server:
        yield server


@pytest.fixture(scope="session")
def many_log(pytestconfig: pytest.Config) -> Path:
    """100 runs with 200 metrics each."""
    return once(session_folder(pytestconfig), "many.db", lambda file: write_many(file, datetime.now(UTC)))
