"""What is asked of the runs: which of them, in which order, and as of when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, structs

from training_events.reading.search.order import read_order
from training_events.stores.search import AllOf, Condition, Name, Operand, conditions_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from training_events.stores.search import Expression, Order

_HIDDEN, _CREATED = Name("attributes.hidden"), Name("attributes.created")


class Question(Struct, frozen=True):
    """A condition, an order, and the time of which it is asked: 27-character texts."""

    condition: Expression
    order: tuple[Order, ...] = ()
    as_of: str | None = None
    known_at: str | None = None

    @property
    def is_of_now(self) -> bool:
        return self.as_of is None and self.known_at is None

    @property
    def is_about_hidden(self) -> bool:
        return any(name == _HIDDEN for name in self.names)

    @property
    def lists_all(self) -> bool:
        """Whether it asks for every run that is not hidden, or for every one."""
        return not self.order and all(name == _HIDDEN for name in self.names)

    @property
    def names(self) -> list[Name]:
        """All names that are asked about, each once."""
        conditions = [condition.name for condition in conditions_of(self.condition)]
        return list(dict.fromkeys([*conditions, *(name for name, _ in self.order)]))

    @property
    def required(self) -> set[str]:
        """The keys that some run has to have. `IS NULL` may ask for what nobody has recorded yet."""
        asked = {condition.name.key for condition in conditions_of(self.condition) if condition.operator != "IS NULL"}
        keys = asked | {name.key for name, _ in self.order}
        return {key for key in keys if not key.startswith(("attributes.", "datasets."))}

    @property
    def since(self) -> str | None:
        """Runs from before this time do not meet the condition."""
        bounds = [
            part.operands[0].text for part in _all_of(self.condition) if part.name == _CREATED and part.operator in (">", ">=")
        ]
        return max((bound for bound in bounds if bound is not None), default=None)

    def also(self, *conditions: Condition) -> Question:
        """The same about runs that meet these conditions, too."""
        return structs.replace(self, condition=AllOf((self.condition, *conditions)))

    def without_hidden(self) -> Question:
        """The same about runs that are not hidden, unless it asks about that itself."""
        return self if self.is_about_hidden else self.also(Condition(_HIDDEN, "=", (Operand(None, "false"),)))


def _all_of(expression: Expression) -> Iterator[Condition]:
    """Conditions that each have to be met."""
    if isinstance(expression, Condition):
        yield expression
    elif isinstance(expression, AllOf):
        for part in expression.parts:
            yield from _all_of(part)


def read_question(
    where: str = "", order_by: str | Sequence[str] = "", *, as_of: str | None = None, known_at: str | None = None
) -> Question:
    """What the texts ask. Raises BadSearch."""
    condition: Expression = AllOf(())
    if where.strip():
        # imported here: its library takes some milliseconds, and most lists have no `where`
        from training_events.reading.search.where import read_where  # noqa: PLC0415

        condition = read_where(where)
    return Question(condition, read_order(order_by), as_of, known_at)


def attribute_is(name: str, value: str) -> Condition:
    return Condition(Name(f"attributes.{name}"), "=", (Operand(None, value),))


def created_since(time: str) -> Condition:
    return Condition(_CREATED, ">=", (Operand(None, time),))
