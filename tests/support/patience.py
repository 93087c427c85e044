"""Waiting for what has to come true. A busy machine is slow and not wrong: the limit is there so that the tests end."""

import selectors
import time
from collections.abc import Callable

PATIENCE_SECONDS = 300.0
DEPLOYMENT_SECONDS = 1800.0
"""For Terraform, which waits for most of a deployment, however fast the machine is."""


def until(true: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain"
        time.sleep(0.1)


def is_readable(descriptor: int) -> bool:
    """Whether something can be read from this file within the limit. select() would take no file beyond number 1023."""
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        return bool(selector.select(PATIENCE_SECONDS))
