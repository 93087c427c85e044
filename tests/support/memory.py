"""How much memory something takes, measured where nothing else runs."""

import tracemalloc
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")


def peak(work: Callable[Parameters, Answer], *arguments: Parameters.args, **named: Parameters.kwargs) -> tuple[int, Answer]:
    """The most bytes that Python held for it at a time, and its answer; both work and answer are pickled.

    It runs in a process of its own: in the tests' process, threads of earlier tests may still take memory.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as own:
        return own.submit(_measured, partial(work, *arguments, **named)).result()


def _measured(work: Callable[[], Answer]) -> tuple[int, Answer]:
    tracemalloc.start()
    answer = work()
    return tracemalloc.get_traced_memory()[1], answer
