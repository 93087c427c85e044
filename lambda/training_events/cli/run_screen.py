"""What `watch` shows of a run: a screen that fits the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from training_events import times
from training_events.cli.plot import plot
from training_events.cli.sparkline import sparkline
from training_events.cli.style import CYAN, GREEN, RED, YELLOW, style_of_status
from training_events.folds.metric_order import is_counter
from training_events.reading.wording.reproduction import refusal_text
from training_events.reading.wording.run import (
    ago,
    error_of,
    last_sign,
    metrics_in_order,
    moments,
    name_of_metric,
    progress,
    status,
    value,
)
from training_events.reading.wording.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, ConsoleOptions, RenderableType

    from training_events.folds.metric import Metric
    from training_events.folds.run_state import RunState
    from training_events.reading.pace import Rates

_COLOURS = {"": "", CYAN: "cyan", GREEN: "green", RED: "red", YELLOW: "yellow"}
"""Rich's names of the colours that lists give to a status."""
_MAX_NAME_SHARE = 0.3
"""Of the terminal's width the names of metrics take at most this: the curves are what people look at."""
_MIN_NAME_WIDTH, _MAX_READING_WIDTH, _MIN_CURVE_WIDTH = 12, 20, 8
_GAP = 2
_MIN_PLOT_HEIGHT, _MAX_PLOT_HEIGHT, _MAX_PLOT_WIDTH = 4, 10, 100
_AROUND_PLOT = 3
"""The lines of a plot beside its height: the name above, the steps and a blank one below."""


class RunScreen:
    """A run at one look. Rich asks for its lines whenever it draws: they fit the terminal as it is then."""

    def __init__(self, state: RunState, rates: Rates) -> None:
        self._state = state
        self._rates = rates

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        now = times.now()
        head, foot = list(self._head(now)), list(self._foot(now))
        yield from head
        if self._state.metrics:
            yield from _curves(self._state, options.max_width, console.size.height - len(head) - len(foot) - 3)
        yield from foot

    def _head(self, now: str) -> Iterator[Text]:
        state = self._state
        name = f"  {state.name}" if state.name else ""
        current = status(state, now)
        yield _line((state.stream, "bold"), (name, ""))
        yield _line(
            (current, _COLOURS[style_of_status(current)]), (", ".join(["", *moments(state, now), last_sign(state, now)]), "dim")
        )
        if how_far := progress(state, self._rates):
            yield _line((how_far, ""))

    def _foot(self, now: str) -> Iterator[Text]:
        state = self._state
        if state.checkpoints:
            newest = state.checkpoints[-1]
            step = "" if newest.step is None else f"step {newest.step}, "
            yield _field("last checkpoint", f"{step}{ago(newest.at, now)}  {newest.stored.uri or ''}")
        if (refusal := refusal_text(state)) is not None:
            yield _field("refused", refusal)
        if state.stop_reason:
            yield _field("stopped", state.stop_reason)
        if state.error is not None:
            yield _field("error", error_of(state), "red")


def _field(name: str, text: str, style: str = "") -> Text:
    return _line((name, "bold"), ("  ", ""), (text, style))


def _line(*parts: tuple[str, str]) -> Text:
    """One line, which is cut where the terminal ends."""
    line = Text(no_wrap=True, overflow="ellipsis")
    for text, style in parts:
        line.append(printable(text), style)
    return line


def _curves(state: RunState, width: int, rows: int) -> Iterator[RenderableType]:
    """The foremost metric as a plot where there is room, then as many metrics as there are rows left."""
    metrics = metrics_in_order(state)
    name, foremost = metrics[0]
    height = min(max(rows // 2, rows - len(metrics)) - _AROUND_PLOT, _MAX_PLOT_HEIGHT)
    yield Text()
    if height >= _MIN_PLOT_HEIGHT and foremost.points > 1:
        yield _line((name_of_metric(name, foremost, state), "bold"))
        yield from (_line((line, "cyan")) for line in plot(foremost, min(width, _MAX_PLOT_WIDTH), height))
        yield Text()
        rows -= height + _AROUND_PLOT
    yield from _metric_lines(state, metrics, width, rows)
    yield Text()


def _metric_lines(state: RunState, metrics: list[tuple[str, Metric]], width: int, rows: int) -> Iterator[RenderableType]:
    """As many metrics as there are rows, and how many more there are."""
    shown = metrics if len(metrics) <= max(rows, 1) else metrics[: max(rows - 1, 1)]
    yield _metric_table(state, shown, width)
    if len(shown) < len(metrics):
        left_out = len(metrics) - len(shown)
        yield _line((f"and {left_out} more metrics: training-events show {state.stream}", "dim"))


def _metric_table(state: RunState, metrics: list[tuple[str, Metric]], width: int) -> Table:
    cells = [
        (printable(name_of_metric(name, metric, state)), value(metric.last), _best(name, metric)) for name, metric in metrics
    ]
    needed = [max(map(cell_len, column)) for column in zip(("metric", "last", "best"), *cells, strict=True)]
    widths = [
        min(needed[0], max(int(width * _MAX_NAME_SHARE), _MIN_NAME_WIDTH)),
        *(min(n, _MAX_READING_WIDTH) for n in needed[1:]),
    ]
    curve = width - sum(widths) - _GAP * len(widths)
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, show_edge=False)
    for title, cells_wide in zip(("metric", "last", "best"), widths, strict=True):
        table.add_column(title, width=cells_wide, no_wrap=True, overflow="ellipsis")
    if curve >= _MIN_CURVE_WIDTH:
        table.add_column("curve", width=curve, no_wrap=True, overflow="ellipsis")
    for texts, (_, metric) in zip(cells, metrics, strict=True):
        row = [Text(text) for text in texts]
        if curve >= _MIN_CURVE_WIDTH:
            row.append(Text(sparkline(metric, curve), style="cyan"))
        table.add_row(*row)
    return table


def _best(name: str, metric: Metric) -> str:
    """With its step. A question mark where a later attempt took points back, and only the log knows the best of the others."""
    if is_counter(name) or metric.best is None:
        return "-"
    best = value(metric.best) + ("" if metric.best.step is None else f" @ {metric.best.step}")
    return best if metric.are_extremes_known else f"{best} ?"
