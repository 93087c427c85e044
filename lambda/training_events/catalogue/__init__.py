"""The event types of each kind of stream: a struct for the data of each, and how data of any schema version becomes one.

The log never changes, only how it is read. Data of an older version goes through the type's upcasters, one version at a time.
An event whose type or version this code does not know stays in the log and is shown as it is, but it is not folded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from training_events import strict_json
from training_events.catalogue import any_stream, dataset, model, run
from training_events.errors import DoesNotFit, NewerVersion, NotRecordable, UnknownType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Upcaster: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]


class EventType:
    """One event type: the struct of its data today, and how data of each older version becomes that.

    `upcasters[0]` makes data of version 2 from data of version 1, `upcasters[1]` makes version 3 from version 2, and so on.
    Today's version is the number of upcasters plus one.
    """

    def __init__(self, fact: type[msgspec.Struct], upcasters: Iterable[Upcaster] = ()) -> None:
        self.name, self.fact = fact.__name__, fact
        self.upcasters = tuple(upcasters)
        self.version = len(self.upcasters) + 1
        self.decode = msgspec.json.Decoder(fact).decode

    def read(self, version: int, data: str) -> msgspec.Struct:
        """The fact that data of any known version states. Raises NewerVersion or DoesNotFit."""
        if version > self.version:
            raise NewerVersion(f"{self.name} of schema version {version}", f"at most {self.version}", ("schema_version",))
        try:
            if version == self.version:
                return self.decode(data)
            return self._upcast(version, strict_json.stored(data))
        # an upcaster may meet data that was never of its version: without a key, or with a value of another type
        except (
            msgspec.MsgspecError,
            NotRecordable,
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
        if version < 1:  # only in an altered log
            raise ValueError(f"there is no schema version {version}")
        for upcast in self.upcasters[version - 1 :]:
            data = upcast(data)
        return msgspec.convert(data, self.fact)


def types_of(*facts: type[msgspec.Struct]) -> dict[str, EventType]:
    return {fact.__name__: EventType(fact) for fact in facts}


CATALOGUE: Mapping[str, Mapping[str, EventType]] = {
    kind: types_of(*facts, *any_stream.FACTS)
    for kind, facts in (("dataset", dataset.FACTS), ("run", run.FACTS), ("model", model.FACTS))
}
"""The event types by the kind of stream, then by their name."""


def read(stream: str, type_: str, version: int, data: str) -> msgspec.Struct:
    """The fact that an event states. Raises UnknownType, NewerVersion or DoesNotFit."""
    types = CATALOGUE[stream.partition("/")[0]]
    if type_ not in types:
        raise UnknownType(f"the type is {type_!a:.80}", ", ".join(types), ("type",))
    return types[type_].read(version, data)
