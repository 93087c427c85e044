"""Reads a `where`: the grammar of MLflow's search, and OR, NOT, parentheses and IS NULL beyond it.

https://mlflow.org/docs/latest/ml/search/search-runs
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from lark import Lark, Token, Transformer, UnexpectedInput
from msgspec import structs

from training_events.errors import BadSearch
from training_events.reading.search.names import WRITTEN_NAME, read_name
from training_events.reading.search.operands import in_a_message, kind_of, operand_for
from training_events.stores.search import NEGATED, AllOf, AnyOf, Condition, Operand, conditions_of

if TYPE_CHECKING:
    from training_events.stores.search import Expression, Name

MAX_CONDITIONS = 100
MAX_VALUES = 1000
"""What SQLite takes in one expression, with room to spare: https://www.sqlite.org/limits.html"""
_TOO_MANY = f"where: it has more than {MAX_CONDITIONS} conditions, or {MAX_VALUES} values"

_GRAMMAR = rf"""
?start: any
?any: all (OR all)*                            -> any_of
?all: part (AND part)*                         -> all_of
?part: NOT part                                -> negated
     | "(" any ")"
     | NAME COMPARISON value                   -> compared
     | NAME [NOT] (LIKE | ILIKE) value         -> like
     | NAME [NOT] IN "(" value ("," value)* ")"  -> within
     | NAME IS [NOT] NULL                      -> null
!value: NUMBER | TEXT | BOOLEAN

AND.2: /and(?![\w.])/i
OR.2: /or(?![\w.])/i
NOT.2: /not(?![\w.])/i
LIKE.2: /like(?![\w.])/i
ILIKE.2: /ilike(?![\w.])/i
IN.2: /in(?![\w.])/i
IS.2: /is(?![\w.])/i
NULL.2: /null(?![\w.])/i
BOOLEAN.2: /(true|false)(?![\w.])/i
COMPARISON: "<=" | ">=" | "!=" | "=" | "<" | ">"
NUMBER.2: /[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|nan|inf(inity)?)(?![\w.])/i
TEXT: /'(?:[^']|'')*'|"(?:[^"]|"")*"/
NAME: /{WRITTEN_NAME.replace("/", chr(92) + "/")}/
%ignore /\s+/
"""
_EXPECTED = {
    "NAME": "a name such as metrics.accuracy, params.alpha, tags.team or status",
    "COMPARISON": "a comparison (=, !=, <, <=, >, >=, LIKE, ILIKE, IN, NOT IN, IS NULL, IS NOT NULL)",
    "NUMBER": "a number, a text in quotes, true or false",
    "AND": "AND, OR or the end",
    "RPAR": "`)`",
    "LPAR": "`(`",
    "IN": "IN, LIKE or ILIKE",
    "NULL": "NULL or NOT NULL",
}
"""What is told of the first of these that could come next."""


def read_where(text: str) -> Expression:
    """The condition that was written. Raises BadSearch, which says where the mistake is."""
    try:
        text.encode()
    except UnicodeEncodeError as flaw:
        raise at_character(flaw.start, "this is no Unicode text") from None
    try:
        expression: Any = _parser().parse(text)
        conditions = list(conditions_of(expression))
    except UnexpectedInput as flaw:
        raise _not_understood(text, flaw) from None
    except RecursionError:
        raise BadSearch(_TOO_MANY) from None
    if len(conditions) > MAX_CONDITIONS or sum(len(condition.operands) for condition in conditions) > MAX_VALUES:
        raise BadSearch(_TOO_MANY)
    return expression  # type: ignore[no-any-return]  # the transformer's last


def negation(expression: Expression) -> Expression:
    """The opposite, without a NOT: what a run does not have meets neither, as in SQL."""
    if isinstance(expression, AllOf):
        return AnyOf(tuple(map(negation, expression.parts)))
    if isinstance(expression, AnyOf):
        return AllOf(tuple(map(negation, expression.parts)))
    if expression.name.key.startswith("datasets.") and not expression.operator.startswith("IS"):
        return structs.replace(expression, of_none=not expression.of_none)
    return structs.replace(expression, operator=NEGATED[expression.operator])


def at_character(index: int, what: str) -> BadSearch:
    return BadSearch(f"where, at character {index + 1}: {what}")


class _Reader(Transformer[Any, Any]):
    """Makes an Expression of what the parser finds, from the inside out. NOT is never left in it."""

    def any_of(self, parts: list[Any]) -> Expression:
        return _joined(AnyOf, parts[::2])

    def all_of(self, parts: list[Any]) -> Expression:
        return _joined(AllOf, parts[::2])

    def negated(self, parts: list[Any]) -> Expression:
        return negation(parts[1])

    def compared(self, parts: list[Any]) -> Condition:
        name, comparison, value = parts
        return _condition(name, str(comparison), [value])

    def like(self, parts: list[Any]) -> Condition:
        name, *words, value = parts
        if value.type != "TEXT":
            raise at_character(value.start_pos, f"a pattern is a text in quotes, not {value}")
        return _condition(name, _words(words), [value])

    def within(self, parts: list[Any]) -> Condition:
        name, *rest = parts
        return _condition(
            name, "!=" if rest[0].type == "NOT" else "=", [part for part in rest if part.type not in ("NOT", "IN")]
        )

    def null(self, parts: list[Any]) -> Condition:
        name, *words = parts
        return _condition(name, _words(words), [])

    def value(self, parts: list[Any]) -> Any:
        return parts[0]


def _words(tokens: list[Token]) -> str:
    return " ".join(tokens).upper()


def _joined(kind: type[AllOf | AnyOf], parts: list[Expression]) -> Expression:
    """Flat, so that a long row of conditions is no deep tree."""
    flat: list[Expression] = []
    for part in parts:
        flat += part.parts if isinstance(part, kind) else [part]
    return flat[0] if len(flat) == 1 else kind(tuple(flat))


def _condition(written: Token, operator: str, values: list[Token]) -> Condition:
    start = written.start_pos or 0
    try:
        name = read_name(written)
    except BadSearch as flaw:
        raise at_character(start, str(flaw)) from None
    kind = kind_of(name)
    if kind in ("number", "time", "boolean") and "LIKE" in operator:
        raise at_character(start, f"{operator} is for texts, and {in_a_message(name)} is a {kind}")
    if kind == "boolean" and operator in ("<", "<=", ">", ">="):
        raise at_character(start, f"{in_a_message(name)} is true or false: = or !=, not {operator}")
    operands = tuple(Operand(None, _unquoted(value)) if "LIKE" in operator else _operand(name, value) for value in values)
    return Condition(name, operator, operands, written_at=start)  # type: ignore[arg-type]  # the grammar has no other


def _operand(name: Name, value: Token) -> Operand:
    try:
        return operand_for(name, _unquoted(value), is_quoted=value.type == "TEXT")
    except BadSearch as flaw:
        raise at_character(value.start_pos or 0, str(flaw)) from None


def _unquoted(value: Token) -> str:
    if value.type != "TEXT":
        return str(value)
    quote = value[0]
    return value[1:-1].replace(quote * 2, quote)


def _not_understood(text: str, flaw: UnexpectedInput) -> BadSearch:
    """What could come at this place, in place of what is there."""
    possible = set(getattr(flaw, "accepts", None) or getattr(flaw, "expected", None) or getattr(flaw, "allowed", None) or ())
    expected = next((what for terminal, what in _EXPECTED.items() if terminal in possible), "something else")
    token = getattr(flaw, "token", None)
    index = len(text.rstrip()) if token is not None and token.type == "$END" else flaw.pos_in_stream or 0
    rest = text[index:]
    if not rest.strip():
        return at_character(index, f"expected {expected}, but it ends here")
    if rest[0] in "'\"`":
        return at_character(index, f"expected {expected}; the quote {rest[0]} is not closed, or does not belong here")
    word = re.match(r"[\w.]+|\S", rest)
    found = word.group() if word else rest[0]
    found = found if found.isprintable() else repr(found)[1:-1]
    if "NUMBER" in possible and token is not None and token.type == "NAME":
        hint = f": a text is in quotes, '{found:.40}'"
    else:
        written = (text[max(index - 1, 0) : index + 1], found.lower())
        hint = next((f": write {_OTHER_LANGUAGES[other]}" for other in written if other in _OTHER_LANGUAGES), "")
    return at_character(index, f"expected {expected}, not `{found:.40}`{hint}")


_OTHER_LANGUAGES = {
    "==": "one =", "<>": "!=", "null": "IS NULL or IS NOT NULL", "&": "AND", "|": "OR", "!": "NOT", ",": "AND",
}  # fmt: skip
"""What people bring along from SQL, Python and other languages, and what to write for it."""


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", transformer=_Reader(), maybe_placeholders=False)
