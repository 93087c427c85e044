"""What no JSON says: how large events are, how long a call takes, how much is in a batch. Each with what it rests on.

Nobody has measured the times on AWS. The sizes are those of the stores' own items: `tests/unit/costs/test_assumptions.py`.
"""

from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple


class Assumption(NamedTuple):
    name: str
    value: float
    meaning: str


def _assumed(value: float, meaning: str) -> Any:
    return field(default=value, metadata={"meaning": meaning})


@dataclass(frozen=True)
class Assumptions:
    """The defaults are those of a training that sends a batch of points each second. Only the first one is the caller's."""

    event_bytes: int = _assumed(1000, "bytes of an event, on the bus and in the log; twenty points in one are 1,450")
    events_of_a_stream: int = _assumed(1000, "events of a run until it ends and is sealed")
    streams_in_a_batch: int = _assumed(20, "runs that go on at the same time, in a full batch of the change stream")
    read_model_bytes: int = _assumed(4300, "bytes of a run's read model, compressed: a small spec and two metrics")
    summary_bytes: int = _assumed(1200, "bytes of them in the index that lists runs")
    processor_seconds: float = _assumed(0.02, "seconds of a warm call of the event processor: 1.4 ms of CPU, and one put")
    projector_seconds: float = _assumed(0.05, "seconds of the projector for each run in a batch")
    notary_seconds: float = _assumed(0.3, "seconds of the notary for each transaction of up to 98 events")
    schedule_seconds: float = _assumed(1.0, "seconds of a call by a schedule, whether there is something to do or not")
    job_minutes: float = _assumed(5, "minutes of the job over the log, where there is one: on a small log it mostly starts")
    log_bytes: int = _assumed(1000, "bytes of Lambda's and the function's log for each call")
    traced_share: float = _assumed(0.05, "of many calls at once X-Ray traces so many, and each call that comes alone")
    checkpoint_objects: int = _assumed(8, "objects of a checkpoint: itself, and the tree's tiles that are not full")

    def listed(self) -> list[Assumption]:
        return [Assumption(each.name, getattr(self, each.name), each.metadata["meaning"]) for each in fields(self)]
