"""What the events say: one struct for each event type of each kind of stream, and how data of any schema version becomes one.

The log never changes; reading does. Data of an older version goes through the type's upcasters, one version at a time. An
event type, or a version, that this code does not know is kept in the log and shown as it is, but not folded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from training_events.catalogue import dataset, model, run
from training_events.errors import DoesNotFit, NewerVersion, UnknownType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Upcaster: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]


class EventType:
    """One event type: the struct its data has today, and the way there from each older version.

    `upcasters[0]` makes data of version 2 from version 1, the next one version 3 from 2, and so on: today's version is one
    more than there are upcasters.
    """

    def __init__(self, fact: type[msgspec.Struct], upcasters: Iterable[Upcaster] = ()) -> None:
        self.name, self.fact = fact.__name__, fact
        self.upcasters = tuple(upcasters)
        self.version = len(self.upcasters) + 1
        self.decode = msgspec.json.Decoder(fact).decode

    def read(self, version: int, data: str) -> msgspec.Struct:
        """The fact in data of any known version. Raises NewerVersion or DoesNotFit."""
        if version > self.version:
            raise NewerVersion(f"{self.name} of schema version {version}", f"at most {self.version}", ("schema_version",))
        try:
            if version == self.version:
                return self.decode(data)
            return self._upcast(version, msgspec.json.decode(data))
        # an upcaster meets data that never was of its version: a key is missing, a value of another type
        except (
            msgspec.MsgspecError,
            ArithmeticError,
            LookupError,
            TypeError,
            ValueError,
            AttributeError,
            RecursionError,
        ) as flaw:
            raise DoesNotFit(
                f"the data is no {self.name}: {flaw}", f"see docs/reference/events/{self.name}.json", ("data",)
            ) from None

    def _upcast(self, version: int, data: dict[str, Any]) -> msgspec.Struct:
        if version < 1:  # where the log was altered
            raise ValueError(f"there is no schema version {version}")
        for upcast in self.upcasters[version - 1 :]:
            data = upcast(data)
        return msgspec.convert(data, self.fact)


def types_of(*facts: type[msgspec.Struct]) -> dict[str, EventType]:
    return {fact.__name__: EventType(fact) for fact in facts}


CATALOGUE: Mapping[str, Mapping[str, EventType]] = {
    "dataset": types_of(*dataset.FACTS),
    "run": types_of(*run.FACTS),
    "model": types_of(*model.FACTS),
}
"""By kind of stream, then by the event's type."""


def read(stream: str, type_: str, version: int, data: str) -> msgspec.Struct:
    """The fact that an event states. Raises UnknownType, NewerVersion or DoesNotFit."""
    types = CATALOGUE[stream.partition("/")[0]]
    if type_ not in types:
        raise UnknownType(f"the type is {type_!a:.80}", ", ".join(types), ("type",))
    return types[type_].read(version, data)
