"""The section `verdicts`: one stream verified after the other, as many as a page has time for."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from time import monotonic
from typing import TYPE_CHECKING

from msgspec import Struct

from training_events.errors import NoSuchStream
from training_events.pages.lists.address import list_address
from training_events.pages.page import Section
from training_events.reading.verification import streams_to_look_at, verification_of
from training_events.reading.wording.verification import describe_finding, verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from training_events.pages.page import Asked
    from training_events.proof.verification import Verification
    from training_events.reading.opening import Sources

MAX_SECONDS = 2.0
"""For how long a page begins with further streams. The next page goes on where it ends."""
MAX_STREAMS = 200


class Verdict(Struct, frozen=True):
    """`first` is the first of what was found; empty where nothing was."""

    verification: Verification
    verdict: str
    first: str


class VerdictsContent(Struct, frozen=True):
    """The verdicts on the streams from number `first` on; number 1 is the newest run. The addresses lead to further ones."""

    verdicts: list[Verdict]
    first: int
    beginning: str | None
    following: str | None


def verdicts_section(sources: Sources, asked: Asked, first: int, clock: Callable[[], float] = monotonic) -> Section:
    """Verify streams from number `first` on: at least one, then as many as begin within MAX_SECONDS."""

    def address(number: int) -> str:
        return list_address(asked, [("first", str(number))])

    end, number, following = clock() + MAX_SECONDS, first, None
    verdicts: list[Verdict] = []
    for stream in islice(streams_to_look_at(sources), first - 1, None):
        if number > first and (clock() >= end or number - first >= MAX_STREAMS):
            following = address(number)
            break
        number += 1
        with suppress(NoSuchStream):  # what named it is gone by now
            verdicts.append(_verdict(verification_of(sources, stream)))
    beginning = address(1) if first > 1 else None
    return Section("verdicts", "Verdicts", VerdictsContent(verdicts, first, beginning, following))


def _verdict(verification: Verification) -> Verdict:
    first = describe_finding(verification.findings[0]) if verification.findings else ""
    return Verdict(verification, verdict(verification), first)
