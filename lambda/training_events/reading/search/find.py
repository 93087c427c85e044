"""Finds runs: by an index of their values where the store has one, else by reading the summaries one by one.

Both judge each run that they find by its summary, so both mean the same.
"""

from __future__ import annotations

import heapq
import logging
from itertools import islice
from typing import TYPE_CHECKING, cast

from msgspec import Struct

from training_events.errors import BadSearch, Misused, NoSuchStream
from training_events.folds.summary import summary_of
from training_events.folds.version import VERSION
from training_events.reading.opening import require_read_models
from training_events.reading.search.judging import meets, sort_key
from training_events.reading.search.names import near_names
from training_events.reading.search.order import read_order
from training_events.reading.search.values import indexed_values, keys_of
from training_events.reading.states import state_of
from training_events.reading.summaries import decoded_summary, summaries_of
from training_events.stores.search import AllOf, Condition, Name, Operand, conditions_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from training_events.folds.summary import RunSummary
    from training_events.reading.opening import Sources
    from training_events.stores.search import Expression, Order, SearchIndex

MANY_RUNS = 100_000
"""So many summaries take half a minute or more to read from DynamoDB."""
_MANY = (
    f"{MANY_RUNS:,} runs were read one by one, as DynamoDB has no index of their values: at this size, search an export of the"
    " log (docs/reference/where.md#how-far-it-reaches)"
)
_HIDDEN = Name("attributes.hidden")
_CREATED = Name("attributes.created")
_log = logging.getLogger("training_events")


class Question(Struct, frozen=True):
    """What is asked: a condition, an order, and of what time. Times are 27-character texts."""

    condition: Expression
    order: tuple[Order, ...]
    as_of: str | None
    known_at: str | None

    @property
    def is_of_now(self) -> bool:
        return self.as_of is None and self.known_at is None

    @property
    def keys(self) -> set[str]:
        """The keys of all names that are asked about."""
        asked = {condition.name.key for condition in conditions_of(self.condition)}
        return asked | {name.key for name, _ in self.order}

    @property
    def names(self) -> set[Name]:
        """The names that some run has to have. `IS NULL` may ask for what nobody has recorded yet."""
        asked = {condition.name for condition in conditions_of(self.condition) if condition.operator != "IS NULL"}
        names = asked | {name for name, _ in self.order}
        return {name for name in names if not name.key.startswith(("attributes.", "datasets."))}


def find_runs(
    sources: Sources,
    where: str = "",
    order_by: str | Sequence[str] = "",
    limit: int | None = None,
    *,
    as_of: str | None = None,
    known_at: str | None = None,
    hidden: bool = False,
    conditions: Sequence[Condition] = (),
    on_progress: Callable[[str, float | None], None] = lambda text, share: None,  # noqa: ARG005
) -> Iterator[RunSummary]:
    """The runs that meet `where` and the `conditions`, in the order of `order_by`, else the newest first: at most `limit`.

    Hidden runs are left out, unless `hidden` says otherwise or `where` asks about them. `on_progress` gets what is done, and
    which share of all if that is known. Raises BadSearch, also for a name that no run of the log has, and BadLogUrl.

    They are read as they are asked for, unless an order needs all of them first.
    """
    if limit is not None and limit < 0:
        raise Misused(f"the limit is {limit}; it is a number of runs from 0")
    question = _question(where, order_by, as_of, known_at, hidden=hidden, conditions=conditions)
    index = _index(sources, question)
    if index is None:
        return _one_by_one(sources, question, limit, on_progress)
    index.bring_up_to_date(
        question.keys,
        lambda summary, keys: indexed_values(_whole(sources, _decoded(summary), question), keys),
        lambda done, total: on_progress(f"{done} of {total} runs taken into the index", done / total),
    )
    return islice(_by_index(sources, index, question), limit)


def _question(
    where: str,
    order_by: str | Sequence[str],
    as_of: str | None,
    known_at: str | None,
    *,
    hidden: bool,
    conditions: Sequence[Condition],
) -> Question:
    parts: list[Expression] = list(conditions)
    if where.strip():
        # imported here: its library takes some milliseconds, and most lists have no `where`
        from training_events.reading.search.where import read_where  # noqa: PLC0415

        parts.append(read_where(where))
    if not hidden and not any(condition.name == _HIDDEN for part in parts for condition in conditions_of(part)):
        parts.append(Condition(_HIDDEN, "=", (Operand(None, "false"),)))
    return Question(AllOf(tuple(parts)), read_order(order_by), as_of, known_at)


def _index(sources: Sources, question: Question) -> SearchIndex | None:
    """None where all runs are to be listed, which needs none."""
    if not question.is_of_now or (not question.order and not _narrows(question.condition)):
        return None
    read_models, _ = require_read_models(sources)
    return read_models.search_index("run")


def _narrows(condition: Expression) -> bool:
    return any(found.name != _HIDDEN for found in conditions_of(condition))


def _by_index(sources: Sources, index: SearchIndex, question: Question) -> Iterator[RunSummary]:
    if not all(index.has(name.key) for name in question.names):
        _require_names(question, _all_keys(sources, question))
    for summary in index.find(question.condition, question.order):
        run = _whole(sources, _decoded(summary), question)
        if meets(run, question.condition):
            yield run


def _one_by_one(
    sources: Sources, question: Question, limit: int | None, on_progress: Callable[[str, float | None], None]
) -> Iterator[RunSummary]:
    matching = _matching(sources, question, on_progress)
    if not question.order:
        return islice(matching, limit)
    if limit is None:
        return iter(sorted(matching, key=lambda run: sort_key(run, question.order)))
    return iter(heapq.nsmallest(limit, matching, key=lambda run: sort_key(run, question.order)))


def _matching(sources: Sources, question: Question, on_progress: Callable[[str, float | None], None]) -> Iterator[RunSummary]:
    """The newest first. Raises BadSearch where all were read and none has a name."""
    searches, since = bool(question.order) or _narrows(question.condition), _since(question.condition)
    names, keys = {name.key for name in question.names}, set[str]()
    runs = cast("Iterator[RunSummary]", summaries_of(sources, "run", as_of=question.as_of, known_at=question.known_at))
    for number, run in enumerate(runs, 1):
        if since is not None and run.first_at < since:
            return
        on_progress(f"{number} runs read", None)
        if number == MANY_RUNS and question.is_of_now:
            _log.warning(_MANY)
        judged = _whole(sources, run, question, metrics_known=True) if searches else run
        if not names <= keys:
            keys.update(keys_of(judged))
        if meets(judged, question.condition):
            yield judged
    _require_names(question, keys)


def _whole(sources: Sources, run: RunSummary, question: Question, *, metrics_known: bool = False) -> RunSummary:
    """The summary with all that was recorded: from the state, where it has not all of that, or an older version made it.

    `metrics_known` says that its metrics were looked up already, where only the log knows them.
    """
    if run.whole and run.folded_by >= VERSION and (run.metrics_known or metrics_known):
        return run
    try:
        state = state_of(sources, run.stream, as_of=question.as_of, known_at=question.known_at)
    except NoSuchStream:  # only an altered log has lost it
        return run
    return cast("RunSummary", summary_of(state, bounded=False))


def _all_keys(sources: Sources, question: Question) -> set[str]:
    runs = cast("Iterator[RunSummary]", summaries_of(sources, "run"))
    return {key for run in runs for key in keys_of(_whole(sources, run, question, metrics_known=True))}


def _decoded(summary: bytes) -> RunSummary:
    return cast("RunSummary", decoded_summary(summary, "run"))


def _require_names(question: Question, keys: set[str]) -> None:
    """Raises BadSearch for the first name that is none of the keys, where there are any."""
    if not keys:
        return
    for condition in conditions_of(question.condition):
        if condition.name in question.names and condition.name.key not in keys:
            raise BadSearch(f"where, at character {condition.written_at + 1}: {near_names(condition.name, keys)}")
    for name, _ in question.order:
        if name in question.names and name.key not in keys:
            raise BadSearch(f"order_by: {near_names(name, keys)}")


def _since(condition: Expression) -> str | None:
    """Runs from before this time do not meet the condition. They come the newest first: nobody has to read these."""
    parts = condition.parts if isinstance(condition, AllOf) else (condition,)
    bounds = [
        part.operands[0].text
        for part in parts
        if isinstance(part, Condition) and part.name == _CREATED and part.operator in (">", ">=")
    ]
    return max((bound for bound in bounds if bound is not None), default=None)
