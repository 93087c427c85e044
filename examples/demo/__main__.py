"""The whole story on this machine: `make demo`.

AWS is started here, the stack is deployed to it by the real cdktf CLI, a real training run records itself, its history is read
back from the event log, and the same events published again change nothing. Everything is taken down at the end.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable

from rich.console import Console
from training_events import aws
from training_events.event import RecordedEvent
from training_events.log import EventLog
from training_events.log_url import open_log
from training_events.publisher import EventBusPublisher

from examples.processor_outcomes import processor_outcomes
from local.environment import LocalEnvironment, local_environment
from local.errors import LocalError

_PATIENCE_SECONDS = 60.0  # for events to get from the bus to the log; here it takes milliseconds

out = Console(highlight=False)


class DemoError(Exception):
    """The story did not go as told."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__.split("\n", 1)[0])
    parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like Ctrl-C: with everything taken down
    started = time.monotonic()
    try:
        _chapter("AWS on this machine, and the stack deployed to it")
        with local_environment("demo") as environment:
            os.environ.update(environment.environment())
            _show_outputs(environment)
            _tell_the_story(environment)
            _chapter("Everything is taken down")
    except (LocalError, DemoError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return error.exit_code if isinstance(error, LocalError) else 1
    except KeyboardInterrupt:
        print("demo: stopped; everything is taken down", file=sys.stderr)
        return 130
    out.print(f"Done in {time.monotonic() - started:.0f} s.")
    return 0


def _chapter(title: str) -> None:
    out.rule(f"[bold]{title}", align="left")


def _show_outputs(environment: LocalEnvironment) -> None:
    for name, value in sorted(environment.outputs.items()):
        out.print(f"  {name:<30} {value}", soft_wrap=True)


def _tell_the_story(environment: LocalEnvironment) -> None:
    log = open_log(environment.variables()["TRAINING_EVENTS_LOG"])

    _chapter("A training run, recorded: bus → rule → Lambda → event log")
    said = _run([sys.executable, "-m", "examples.train_digits"])
    match = re.search(r"(run/\S+): (\d+) events published", said)
    if match is None:
        raise DemoError("the training did not say what it published")
    run, published = match[1], int(match[2])

    _chapter(f"What the event log holds of {run}")
    _wait_until(lambda: len(list(log.read(run))) == published, "every event of the run is in the log")
    _run(["training-events", "history", run])

    _chapter("The same events, published again")
    before = list(log.read(run))
    outcomes = _publish_again(environment, before)
    _check_unchanged(log, run, before)
    out.print(f"  published again: {published}; answered as repeats: {outcomes['repeated']}; recorded: {outcomes['recorded']}")
    out.print(f"  the log of {run} is what it was, to the byte")


def _publish_again(environment: LocalEnvironment, events: list[RecordedEvent]) -> Counter[str]:
    """Publish the events once more and count what the event processor says of them."""
    earlier = _outcomes(environment)
    EventBusPublisher(environment.outputs["event_bus_name"], aws.client("events")).publish(e.event for e in events)
    _wait_until(
        lambda: (_outcomes(environment) - earlier).total() >= len(events), "the event processor has answered for every event"
    )
    return _outcomes(environment) - earlier


def _outcomes(environment: LocalEnvironment) -> Counter[str]:
    return processor_outcomes(aws.client("logs"), environment.outputs["event_processor_function_name"])


def _check_unchanged(log: EventLog, run: str, before: list[RecordedEvent]) -> None:
    if list(log.read(run)) != before:
        raise DemoError(f"publishing again changed the log of {run}")


def _run(command: list[str]) -> str:
    """Run a command as a user would, showing what it prints, and return that."""
    out.print(f"[dim]$ {' '.join('python' if part == sys.executable else part for part in command)}[/dim]")
    lines = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101 - for the type checker: it is a pipe
        for line in process.stdout:
            lines.append(line)
            print(f"  {line}", end="", flush=True)
    if process.returncode:
        raise DemoError(f"{command[0]} ended with exit code {process.returncode}")
    return "".join(lines)


def _wait_until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not true():
        if time.monotonic() > deadline:
            raise DemoError(f"waited {_PATIENCE_SECONDS:.0f} s, and it is still not true that {what}")
        time.sleep(0.2)


if __name__ == "__main__":
    sys.exit(main())
