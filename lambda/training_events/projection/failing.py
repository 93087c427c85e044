"""Which streams fail again and again: these are set aside, so that none holds up the others of its shard.

Lambda delivers a shard in order. What failed comes again, with all that follows it, until it succeeds or is too old: one stream
that never succeeds would keep every later change of its shard waiting for half a day. The failures are counted in memory, so a
function that ends in the middle of one forgets them; Lambda then halves the batch, and gives up by itself in the end.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable

MIN_FAILURES, MIN_SECONDS = 3, 60
"""So often and so long a stream fails before it is set aside, while others succeed. DynamoDB's throttling ends sooner: a
partition that is too busy is split. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/burst-adaptive-capacity.html"""
MIN_SECONDS_ALONE = 15 * 60
"""So long where no other stream succeeds either: then it is the table or the permission that fails, and waiting is right."""
REST_SECONDS = 10 * 60
"""For so long a stream that was set aside is not tried again."""
MAX_STREAMS = 10_000
"""How many failing streams are remembered; the first ones are forgotten."""


class _Failing(Struct):
    since: float
    failures: int = 0
    resting_until: float | None = None


class FailingStreams:
    """The streams that failed when they were tried last, as one environment of the function knows them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._streams: dict[str, _Failing] = {}
        self._last_success = float("-inf")

    def succeeded(self, stream: str) -> None:
        self._streams.pop(stream, None)
        self._last_success = self._clock()

    def failed(self, stream: str) -> bool:
        """Note a failure. Returns whether the stream has failed for long enough to be set aside."""
        now = self._clock()
        failing = self._streams.setdefault(stream, _Failing(now))
        failing.failures += 1
        if len(self._streams) > MAX_STREAMS:
            del self._streams[next(iter(self._streams))]
        if failing.resting_until is not None:  # it was set aside before, and tried once more
            return True
        alone = self._last_success < failing.since
        return failing.failures >= MIN_FAILURES and now - failing.since >= (MIN_SECONDS_ALONE if alone else MIN_SECONDS)

    def rest(self, stream: str) -> None:
        """The stream was set aside."""
        self._streams.setdefault(stream, _Failing(self._clock())).resting_until = self._clock() + REST_SECONDS

    def is_resting(self, stream: str) -> bool:
        """Whether the stream was set aside a short time ago, so that it is not worth trying."""
        failing = self._streams.get(stream)
        return failing is not None and failing.resting_until is not None and self._clock() < failing.resting_until

    def was_set_aside(self, stream: str) -> bool:
        """Whether events of the stream were set aside that its read model may lack."""
        failing = self._streams.get(stream)
        return failing is not None and failing.resting_until is not None
