"""A training for the tests, in a process of its own. What it computes, prints and exits with is the same without recording.

It prints "ready" when it has recorded everything, and the checksum of its computation when it ends by itself.
"""

import argparse
import asyncio
import faulthandler
import multiprocessing
import os
import resource
import signal
import ssl
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, Self

from tests.support.foreground import take_signals
from tests.support.patience import PATIENCE_SECONDS

WORKERS = 4
MODULUS = 2**31 - 1


class Unrecorded:
    """A run that records nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def metric(self, name: str, value: float, step: float | None = None) -> None:
        pass

    def flush(self) -> bool:
        return True

    def checkpoint(self, path: Path, step: float | None = None) -> None:
        pass


def values(name: str, steps: int) -> list[float]:
    """The values that a worker of this name measures."""
    state = sum(name.encode())
    measured = []
    for _ in range(steps):
        state = state * 48271 % MODULUS
        measured.append(state / MODULUS)
    return measured


def train(run: Any, name: str, steps: int) -> float:
    """Record the values. Returns a checksum of them."""
    checksum = 0.0
    for step, value in enumerate(values(name, steps)):
        run.metric(name, value, step=step)
        checksum = checksum / 2 + value
    return checksum


def alone(run: Any, steps: int) -> float:
    return train(run, "loss", steps)


def in_threads(run: Any, steps: int) -> float:
    sums: dict[int, float] = {}

    def work(number: int) -> None:
        sums[number] = train(run, f"loss-{number}", steps)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(sums.values())


def in_forks(run: Any, steps: int) -> float:
    """Children by os.fork, which end without any of Python's clean-up. They have to flush what they recorded."""
    run.metric("before", 1.0)
    children = []
    for number in range(WORKERS):
        child = os.fork()
        if not child:
            train(run, f"loss-{number}", steps)
            run.flush()
            os._exit(0)
        children.append(child)
    failed = [child for child in children if os.waitpid(child, 0)[1]]
    run.metric("after", 1.0)
    return float(len(failed))


def in_threads_of_a_fork(run: Any, steps: int) -> float:
    """Threads of a child that all record their first point at once."""
    child = os.fork()
    if child:
        return float(os.waitpid(child, 0)[1])
    barrier = threading.Barrier(WORKERS)

    def work(number: int) -> None:
        barrier.wait()
        train(run, f"loss-{number}", steps)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    run.flush()
    os._exit(0)


def in_children_that_do_not_record(run: Any, steps: int) -> float:
    """Forked at the very start, as a data loader does. They use OpenSSL, as the recorder's threads do at that time."""
    children = []
    for _ in range(8 * WORKERS):
        child = os.fork()
        if not child:
            signal.alarm(int(PATIENCE_SECONDS))  # ends a child that hangs
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            os._exit(0)
        children.append(child)
    return train(run, "loss", steps) + sum(os.waitpid(child, 0)[1] for child in children)


def _work(run: Any, number: int, steps: int) -> None:
    signal.alarm(int(PATIENCE_SECONDS))  # ends a child that hangs
    train(run, f"loss-{number}", steps)


def in_processes(method: str) -> Callable[[Any, int], float]:
    def work(run: Any, steps: int) -> float:
        context = multiprocessing.get_context(method)
        children: list[Any] = [context.Process(target=_work, args=(run, number, steps)) for number in range(WORKERS)]  # type: ignore[attr-defined]
        for child in children:
            child.start()
        for child in children:
            child.join()
        return float(sum(child.exitcode for child in children))

    return work


WORK = {
    "alone": alone,
    "threads": in_threads,
    "forks": in_forks,
    "children that do not record": in_children_that_do_not_record,
    "threads of a fork": in_threads_of_a_fork,
    "processes by fork": in_processes("fork"),
    "processes by spawn": in_processes("spawn"),
}


def wait(_run: Any) -> None:
    while not asked_to_stop:
        time.sleep(0.01)


def fail(_run: Any) -> None:
    raise ValueError("the loss is not a number")


def fork_and_fall_out(_run: Any) -> None:
    """Fork a child that leaves the block as its parent does."""
    if child := os.fork():
        os.waitpid(child, 0)
    else:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - only its parent prints


def leave_a_silent_child(run: Any) -> None:
    """Fork a child that records nothing, and lives until the standard input ends."""
    run.flush()  # so that there is a file to inherit
    if os.fork():
        wait(run)
    print("forked", flush=True)
    sys.stdin.read()
    os._exit(0)


def run_a_task(run: Any) -> None:
    """Wait in a task of asyncio, which Ctrl-C cancels."""

    async def wait_for_ever() -> None:
        print("waiting", flush=True)
        await asyncio.Event().wait()

    asyncio.run(wait_for_ever())


def cancel_a_task(_run: Any) -> None:
    async def be_cancelled() -> None:
        asyncio.current_task().cancel()  # type: ignore[union-attr]
        await asyncio.sleep(0)

    asyncio.run(be_cancelled())


ENDINGS: dict[str, Callable[[Any], object]] = {
    "return": lambda _: None,
    "wait": wait,
    "wait for input": lambda _: sys.stdin.read(),
    "fail": fail,
    "exit 0": lambda _: sys.exit(0),
    "exit 3": lambda _: sys.exit(3),
    "exit with a text": lambda _: sys.exit("no more data"),
    "interrupt": lambda _: signal.raise_signal(signal.SIGINT),
    "task": run_a_task,
    "cancelled task": cancel_a_task,
    "os._exit": lambda run: (run.flush(), os._exit(4)),
    "fork": fork_and_fall_out,
    "silent child": leave_a_silent_child,
}
asked_to_stop = False


def remember(_number: int, _frame: FrameType | None) -> None:
    global asked_to_stop  # noqa: PLW0603
    asked_to_stop = True


def leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(7)


class AskedToStop(Exception):  # noqa: N818 - as a program names it
    pass


def interrupt(_number: int, _frame: FrameType | None) -> None:
    raise AskedToStop


def print_name(number: int, _frame: FrameType | None) -> None:
    print(signal.Signals(number).name, flush=True)


HANDLERS: dict[str, Any] = {
    "none": signal.SIG_DFL,
    "remember": remember,
    "leave": leave,
    "raise": interrupt,
    "print": print_name,
    "ignore": signal.SIG_IGN,
    "native": None,  # not Python's
}


def handle(signum: signal.Signals, handler: str) -> None:
    if handler == "native":
        faulthandler.register(signum, sys.stdout)
    else:
        signal.signal(signum, HANDLERS[handler])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--unrecorded", action="store_true")
    parser.add_argument("--by-hand", action="store_true", help="started and finished, without a with block")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--work", choices=WORK, default="alone")
    parser.add_argument("--ending", choices=ENDINGS, default="return")
    parser.add_argument("--handler", choices=HANDLERS, default="none")
    parser.add_argument("--handled", default="SIGTERM", help="the signal that has the handler")
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--largest-file", type=int, help="as on a full disk, no file may have more bytes")
    options = parser.parse_args()
    if options.largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (options.largest_file, options.largest_file))
    take_signals()
    handle(signal.Signals[options.handled], options.handler)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # some of the signals that end it would leave a file behind

    def body(run: Any) -> float:
        checksum = WORK[options.work](run, options.steps)
        if options.checkpoint:
            run.checkpoint(options.checkpoint, step=options.steps)
        print("ready", flush=True)
        ENDINGS[options.ending](run)
        return checksum

    run: Any = Unrecorded()
    if not options.unrecorded:
        from training_events import record_run  # noqa: PLC0415 - without recording it is not imported

        run = record_run(model="digits", run_id=os.environ.get("TRAINING_EVENTS_RUN", "r"), seeds=7)
    if options.by_hand and not options.unrecorded:
        checksum = body(run.start())
        run.finish()
    else:
        with run as started:
            checksum = body(started)
    print(checksum)


if __name__ == "__main__":
    main()
