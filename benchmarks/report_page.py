"""Opens the report of a run of 1,000,000 points in a browser, beside the JSON that MLflow's page asks its server for.

MLflow's page gets 320 points of a curve, picked by their place. The report has the lowest and the highest of each group of
points, and is opened from the disk: no server and no log are needed any more.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from training_events import cli

from benchmarks import long_run
from benchmarks.measure import Ratio, seconds
from benchmarks.mlflow_server import mlflow_server, seconds_of_request
from local.installation import python_of
from local.terraform import BUILD
from tests.support.browser import Browser, BrowserMissing, running_browser

_HERE = Path(__file__).parent
_POINTS, _POINTS_IN_AN_EVENT = 1_000_000, 500
_ROUNDS = 3
_MAX_MB, _MAX_PAINT_SECONDS, _MAX_ZOOM_SECONDS = 3.0, 2.0, 0.1
_ZOOMS = 8
_HISTORY = "ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?run_ids=long&metric_key=loss&max_results=320"
"""As MLflow's page asks for a curve."""
_NOTE_FIRST_PAINT = """
const look = () => document.querySelector('figure.curve .u-wrap canvas')
  ? requestAnimationFrame(() => setTimeout(() => (window.curvesPaintedMs = performance.now())))
  : requestAnimationFrame(look);
requestAnimationFrame(look);
"""
_ZOOM = """
const [key, done] = arguments, chart = document.querySelector('figure.curve .curve-chart');
const began = performance.now();
chart.focus();
chart.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
requestAnimationFrame(() => setTimeout(() => done((performance.now() - began) / 1000)));
"""


def measure() -> list[Ratio]:
    trackers = python_of(BUILD / "trackers", "MLflow and other trackers", _HERE / "requirements.txt")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        report = _write_report(folder)
        megabytes = report.stat().st_size / 1e6
        command = [str(trackers), "-m", "benchmarks.long_mlflow", str(folder / "mlflow.db"), str(_POINTS)]
        subprocess.run(command, cwd=_HERE.parent, check=True, capture_output=True)
        try:
            with running_browser() as browser, mlflow_server(trackers, folder / "mlflow.db") as server:
                paints = [(_paint_seconds(browser, report), seconds_of_request(f"{server}/{_HISTORY}")) for _ in range(_ROUNDS)]
                zooms = [(zoom, _MAX_ZOOM_SECONDS) for zoom in _zoom_seconds(browser)]
        except BrowserMissing as missing:
            raise SystemExit(str(missing)) from None
    what = f"report of a run with two curves of {_POINTS:,} points"
    first = "its first paint of the curves"
    return [
        Ratio(what, "allowed", [(megabytes, _MAX_MB)], at_most=1, unit="MB"),
        Ratio(first, "allowed", [(paint, _MAX_PAINT_SECONDS) for paint, _ in paints], at_most=1),
        Ratio(first, "320 points of one curve from MLflow's server", paints, at_most=1),
        Ratio("its zoom, a step", "allowed", zooms, at_most=1),
    ]


def _write_report(folder: Path) -> Path:
    log, report = folder / "log.db", folder / "report.html"
    long_run.fill(log, "run/long", _POINTS // _POINTS_IN_AN_EVENT, steps=_POINTS_IN_AN_EVENT)
    arguments = ["report", "run/long", "-o", str(report), "--log", f"sqlite:///{log}"]
    print(f"  report written in {seconds(lambda: cli.run(arguments)):.1f} s", file=sys.stderr)
    return report


def _paint_seconds(browser: Browser, report: Path) -> float:
    """From the start of the navigation until the first chart is on the screen."""
    browser.new_tab()
    browser.set_size(1600)
    browser.command("Page.addScriptToEvaluateOnNewDocument", source=_NOTE_FIRST_PAINT)
    browser.open(report.as_uri())
    browser.until("window.curvesPaintedMs")
    return float(browser.script("return window.curvesPaintedMs")) / 1000


def _zoom_seconds(browser: Browser) -> list[float]:
    """Of each step in, and out again, until the next picture is on the screen."""
    keys = "+" * _ZOOMS + "-" * _ZOOMS
    return [float(browser.driver.execute_async_script(_ZOOM, key)) for key in keys]
