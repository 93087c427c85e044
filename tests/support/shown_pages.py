"""The pages of the log in tests/support/shown_log.py, and what every page has to hold in a browser."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from training_events.pages.page import Asked
from training_events.pages.server.addresses import UiAddresses

from tests.support.browser import SCHEMES, WIDTHS, Browser
from tests.support.hostile_texts import DATASET, MODEL, STREAMS

_ADDRESSES = UiAddresses(Asked())
page_of = _ADDRESSES.stream


PAGES = {
    "runs": "/runs",
    "runs that match": "/runs?" + urlencode({"where": "metrics.eval/accuracy > 0.9 and attributes.status = 'completed'"}),
    "no run": "/runs?" + urlencode({"where": "params.alpha > 99"}),
    "models": "/models",
    "datasets": "/datasets",
    "serving": "/serving",
    "run": "/run/digits-4",
    "run with attempts": "/run/digits-resumed",
    "run that failed": "/run/digits-diverged",
    "run that is running": "/run/digits-running",
    "run of SageMaker": "/run/sentiment-job",
    "odd metrics": "/run/odd-metrics",
    "late events": "/run/digits-late",
    "long name": page_of("run/" + "nightly-" * 30 + "end"),
    "model": "/model/digits",
    "dataset": "/dataset/digits",
    "two runs": _ADDRESSES.compare(["digits-3", "digits-4"]),
    "six runs": _ADDRESSES.compare([f"digits-{number}" for number in range(1, 7)]),
    "lineage of a model": "/lineage/model/digits",
    "lineage of a dataset": "/lineage/dataset/digits",
    "verification": "/verification",
    "verification of a broken run": "/verification/run/altered",
    "undelivered": "/undelivered",
    "the past": "/run/digits-4?" + urlencode({"as_of": "3 weeks ago", "known_at": "2 weeks ago"}),
    "the past of a model": "/model/digits?" + urlencode({"as_of": "2 weeks ago"}),
    "no such run": "/run/digit-4",
    "no such page": "/pages",
    "no such time": "/runs?as_of=yesterdaz",
}
"""Addresses, by what is shown there."""
HOSTILE_PAGES = {
    **{f"hostile run {number}": page_of(stream) for number, stream in enumerate(STREAMS, 1)},
    "hostile model": page_of(MODEL),
    "hostile dataset": page_of(DATASET),
    "hostile comparison": _ADDRESSES.compare(STREAMS[:4]),
    "hostile lineage": _ADDRESSES.lineage(DATASET),
    "hostile verification": _ADDRESSES.verification(STREAMS[0]),
}

_STICKS_OUT = """
const edge = document.documentElement.clientWidth;
if (document.documentElement.scrollWidth <= edge) return [];
const inside = element => [...ancestors(element)].some(outer => getComputedStyle(outer).overflowX !== 'visible');
function* ancestors(element) { while ((element = element.parentElement) && element !== document.body) yield element; }
return [...document.querySelectorAll('body *')]
  .filter(element => element.getBoundingClientRect().right > edge + 0.5 && !inside(element))
  .map(element => `sticks out: ${element.outerHTML.slice(0, 160)}`);
"""


EVERY_LOOK = dict.fromkeys(SCHEMES, WIDTHS)
"""The widths in each colour scheme."""
TWO_LOOKS = {"light": (1600,), "dark": (400,)}


def flaws_of(browser: Browser, name: str, looks: Mapping[str, Sequence[int]]) -> list[str]:
    """What is wrong with the page that is open, in these looks. Keeps a screenshot of each."""
    flaws = []
    for scheme, widths in looks.items():
        browser.set_media(scheme)
        for width in widths:
            browser.set_size(width)
            settle(browser)
            browser.screenshot(f"{name}/{scheme} {width}")
            flaws += [f"{width}: {flaw}" for flaw in browser.script(_STICKS_OUT)]
        flaws += [f"{scheme}: {flaw}" for flaw in browser.axe()]
    flaws += browser.complaints()
    return flaws


def settle(browser: Browser) -> None:
    """Wait until the browser has drawn what a resize or a scroll set off."""
    browser.driver.execute_async_script(
        "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)))"
    )
