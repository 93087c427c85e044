"""A destination in this process: a log in memory that takes, refuses or fails as a test wants."""

from collections.abc import Iterator, Sequence
from itertools import repeat

from training_events.bus.envelope import decode
from training_events.recorder.delivery.destination import Unsent
from training_events.strict_json import loads

from tests.support.fakes import InMemoryLog

TAKE, REFUSE_ALL, REFUSE_FIRST, REFUSE_LAST, RAISE, TAKE_AND_RAISE = FAULTS = range(6)


class FaultySink:
    """Fails as `plan` says, one fault for each call of `send`. After the last one it takes everything."""

    def __init__(self, plan: Iterator[int] | Sequence[int] = ()) -> None:
        self.log = InMemoryLog()
        self.plan = iter(plan)

    def send(self, lines: Sequence[bytes]) -> list[Unsent]:
        fault = next(self.plan, TAKE)
        if fault == RAISE:
            raise ConnectionError("as the test wants")
        refused = {TAKE: slice(0), TAKE_AND_RAISE: slice(0), REFUSE_FIRST: slice(1), REFUSE_LAST: slice(-1, None)}
        unsent = lines[refused.get(fault, slice(None))]
        for line in lines:
            if line not in unsent:
                self.log.append(decode(loads(line)))
        if fault == TAKE_AND_RAISE:
            raise TimeoutError("the reply was lost")
        return [Unsent(line, "as the test wants") for line in unsent]

    def break_down(self) -> None:
        self.plan = repeat(RAISE)

    def recover(self) -> None:
        self.plan = iter(())
