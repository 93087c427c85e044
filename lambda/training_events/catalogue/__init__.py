"""The event types of each kind of stream: a struct for the data of each, and how data of any schema version becomes one.

The log never changes, only how it is read. Data of an older version goes through the type's upcasters, one version at a time.
An event whose type or version this code does not know stays in the log and is shown as it is, but it is not folded.
"""

from __future__ import annotations

from types import UnionType
from typing import TYPE_CHECKING, Any, TypeAlias, Union, get_args, get_origin

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
    Today's version is the number of upcasters plus one. `added_later` are the names of the fields that an older log may use for
    something else.
    """

    def __init__(self, fact: type[msgspec.Struct], upcasters: Iterable[Upcaster] = ()) -> None:
        self.name, self.fact = fact.__name__, fact
        self.upcasters = tuple(upcasters)
        self.version = len(self.upcasters) + 1
        self._decode = msgspec.json.Decoder(fact).decode
        self.added_later = _names_added_later(fact)
        self.decode = self._decode_leniently if _has_added_later(fact) else self._decode

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

    def convert(self, given: dict[str, Any]) -> msgspec.Struct:
        """The fact of today's data. Raises a ValidationError for what does not fit.

        Before a field was added, somebody may have recorded something else by its name: that is left out.
        """
        return msgspec.convert(_without_misfits(given, self.fact), self.fact)

    def _decode_leniently(self, data: str) -> msgspec.Struct:
        try:
            return self._decode(data)
        except msgspec.ValidationError:
            if not isinstance(given := strict_json.stored(data), dict):
                raise
            return self.convert(given)

    def _upcast(self, version: int, data: dict[str, Any]) -> msgspec.Struct:
        if version < 1:  # only in an altered log
            raise ValueError(f"there is no schema version {version}")
        for upcast in self.upcasters[version - 1 :]:
            data = upcast(data)
        return msgspec.convert(data, self.fact)


def _has_added_later(type_: Any) -> bool:
    """Whether a struct has fields that older logs may use for something else, or another struct inside it does."""
    if isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        return bool(_names_added_later(type_)) or any(_has_added_later(field.type) for field in msgspec.structs.fields(type_))
    return any(map(_has_added_later, get_args(type_)))


def _names_added_later(struct: type[msgspec.Struct]) -> frozenset[str]:
    names: frozenset[str] = getattr(struct, "ADDED_LATER", frozenset())
    return names


def _without_misfits(value: Any, type_: Any) -> Any:
    """The value of this type without what older logs have by the names of fields that were added later."""
    if isinstance(value, list):
        [inside] = [get_args(one)[0] for one in _types_in(type_) if get_origin(one) is list] or [None]
        return [_without_misfits(one, inside) for one in value]
    if not isinstance(value, dict):
        return value
    for one in _types_in(type_):
        if get_origin(one) is dict:
            return {name: _without_misfits(inside, get_args(one)[1]) for name, inside in value.items()}
        if isinstance(one, type) and issubclass(one, msgspec.Struct):
            types, later = {field.name: field.type for field in msgspec.structs.fields(one)}, _names_added_later(one)
            kept = {name: _without_misfits(inside, types.get(name)) for name, inside in value.items()}
            return {name: inside for name, inside in kept.items() if name not in later or fits(inside, types[name])}
    return value


def _types_in(type_: Any) -> tuple[Any, ...]:
    """The members of a union; of another type that alone."""
    return get_args(type_) if get_origin(type_) in (Union, UnionType) else (type_,)


def fits(value: Any, type_: Any) -> bool:
    """Whether a value can be read as this type."""
    try:
        msgspec.convert(value, type_)
    except msgspec.ValidationError:
        return False
    return True


def types_of(*facts: type[msgspec.Struct]) -> dict[str, EventType]:
    return {fact.__name__: EventType(fact) for fact in facts}


CATALOGUE: Mapping[str, Mapping[str, EventType]] = {
    kind: types_of(*facts, *any_stream.FACTS)
    for kind, facts in (("dataset", dataset.FACTS), ("run", run.FACTS), ("model", model.FACTS), ("group", ()))
}
"""The event types by the kind of stream, then by their name. A group has those of any stream only: what is in it says so."""


def read(stream: str, type_: str, version: int, data: str) -> msgspec.Struct:
    """The fact that an event states. Raises UnknownType, NewerVersion or DoesNotFit."""
    types = CATALOGUE[stream.partition("/")[0]]
    if type_ not in types:
        raise UnknownType(f"the type is {type_!a:.80}", ", ".join(types), ("type",))
    return types[type_].read(version, data)
