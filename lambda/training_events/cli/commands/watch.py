"""`training-events watch RUN`: shows how a run goes on, until it ends."""

from __future__ import annotations

import os
import sys
from collections import deque
from typing import TYPE_CHECKING, Annotated

import typer

from training_events import times
from training_events.cli import completion
from training_events.cli.output import print_document, with_all_keys
from training_events.cli.workspace import AsJson, LogUrl, open_current_workspace
from training_events.errors import Misused, RunNotCompleted
from training_events.event import STREAM_KINDS, check_stream
from training_events.folds.run_state import RunState
from training_events.reading.following import follow, has_begun, wait_for_beginning
from training_events.reading.pace import Pace
from training_events.reading.stream_names import stream_of_log
from training_events.reading.wording.reproduction import refusal_text
from training_events.reading.wording.run import error_of, metrics_in_order, progress, status, value
from training_events.reading.wording.text import printable
from training_events.reading.wording.times import short_time
from training_events.settings import LAPTOP_LOG, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.reading.pace import Rates

_METRICS_ON_A_LINE = 3


class WatchDocument(RunState):
    """The state with which the run has ended."""


def watch(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run: its id, or run/<id>.", autocompletion=completion.runs)],
    wait: Annotated[bool, typer.Option("--wait", help="Wait for a run of which the log has no event yet.")] = False,
    log: LogUrl = "",
    as_json: AsJson = False,
) -> None:
    """Watch a run until it ends.

    A terminal shows its status, how far it is and how quickly it goes on, its metrics with their curves, its last checkpoint
    and its error. In a pipe every change is a line. --json prints the state with which the run has ended, once it has. Ctrl-C
    stops the watching, and not the run.

    The exit code is 0 if the run has completed, and 1 if it has failed, was stopped or was refused. Another attempt may still
    follow.

    For example:
      training-events watch digits-7
      training-events watch digits-7 --wait && training-events verify run/digits-7
    """
    named = _stream_of_run(run)
    sources = open_current_workspace(log or _log_to_wait_for() if wait else log)
    stream = stream_of_log(sources.log, named)
    if wait and not has_begun(sources, stream):
        if not as_json:
            print(f"waiting for the first event of {printable(stream)}", flush=True)
        wait_for_beginning(sources, stream)
    states = follow(sources, stream)
    if as_json:
        [last] = deque(states, 1)
        print_document(with_all_keys(last))
    elif sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
        last = _show_live(states)
    else:
        last = _print_lines(states)
    if last.status != "completed":
        raise RunNotCompleted(f"{last.stream} {_how_it_ended(last)}")


def _stream_of_run(run: str) -> str:
    """The stream of a run that a person names by its id or by its stream. Raises Misused, UnknownStream or BadField."""
    kind, slash, _ = run.partition("/")
    if slash and kind in STREAM_KINDS:
        if kind != "run":
            raise Misused(f"{run!a:.80} is no run: watch takes a run's id, or run/<id>")
        return check_stream(run)
    return check_stream(f"run/{run}")


def _log_to_wait_for() -> str:
    """The log that the first training on a laptop makes in this folder, where nothing names another."""
    return Settings().optional("log") or LAPTOP_LOG


def _show_live(states: Iterator[RunState]) -> RunState:
    """Draw on a screen of its own, as `less` does: nothing is left over when the terminal changes its size. The end stays."""
    # imported here: only a terminal needs it, and it takes longer than most commands
    from rich.console import Console  # noqa: PLC0415
    from rich.live import Live  # noqa: PLC0415

    from training_events.cli.run_screen import RunScreen  # noqa: PLC0415

    console, pace = Console(highlight=False), Pace()
    with Live(console=console, screen=True, refresh_per_second=2, redirect_stdout=False, redirect_stderr=False) as live:
        for last in states:
            screen = RunScreen(last, pace.rates(last))
            live.update(screen, refresh=True)
    console.print(screen)
    return last


def _print_lines(states: Iterator[RunState]) -> RunState:
    pace, printed = Pace(), ""
    for last in states:
        now = times.now()
        if (line := _line(last, pace.rates(last), now)) != printed:
            print(f"{short_time(now)}  {line}", flush=True)
        printed = line
    return last


def _line(state: RunState, rates: Rates, now: str) -> str:
    attempt = f"attempt {state.attempts[-1].number}" if len(state.attempts) > 1 else ""
    metrics = [f"{name} {value(metric.last)}" for name, metric in metrics_in_order(state)[:_METRICS_ON_A_LINE]]
    checkpoints = f"checkpoints: {state.checkpoints_saved}" if state.checkpoints else ""
    parts = (status(state, now), attempt, progress(state, rates), *metrics, checkpoints)
    return "  ".join(printable(part) for part in parts if part)


def _how_it_ended(state: RunState) -> str:
    if state.status == "refused":
        return f"was refused: {refusal_text(state)}"
    return f"has failed: {error_of(state)}" if state.status == "failed" else f"was stopped: {state.stop_reason or 'no reason'}"
