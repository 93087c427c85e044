"""Finds runs: by an index of their values where the store has one, else by reading the summaries one by one.

Both judge each run that they find by its summary, so both mean the same.
"""

from __future__ import annotations

import heapq
import logging
from itertools import islice
from typing import TYPE_CHECKING, cast

from training_events.errors import BadSearch, Misused
from training_events.reading.opening import require_read_models
from training_events.reading.search.judging import meets, sort_key
from training_events.reading.search.names import no_such_name
from training_events.reading.search.question import read_question
from training_events.reading.search.values import indexed_values, keys_of
from training_events.reading.summaries import current_summary, summaries_of, whole_summary
from training_events.stores.search import conditions_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from training_events.folds.summary import RunSummary
    from training_events.reading.opening import Sources
    from training_events.reading.search.question import Question
    from training_events.stores.search import SearchIndex

FEW_RUNS = 1000
"""Up to so many runs of a past time are read one by one, where the list begins with them."""
MANY_RUNS = 100_000
"""So many summaries, of about 3 KB, are 300 pages of DynamoDB."""
_MANY = (
    f"{MANY_RUNS:,} runs were read one by one, as DynamoDB has no index of their values: at this size, search an export of the"
    " log (docs/reference/where.md#how-far-it-reaches)"
)
_log = logging.getLogger("training_events")


def find_runs(
    sources: Sources,
    where: str = "",
    order_by: str | Sequence[str] = "",
    limit: int | None = None,
    *,
    as_of: str | None = None,
    known_at: str | None = None,
    hidden: bool = False,
) -> Iterator[RunSummary]:
    """The runs that meet `where`, in the order of `order_by`, else the newest first: at most `limit`.

    Hidden runs are left out, unless `hidden` says otherwise or `where` asks about them. Times are 27-character texts. Raises
    BadSearch, also for a name that no run of the log has, and BadLogUrl.
    """
    if limit is not None and limit < 0:
        raise Misused(f"the limit is {limit}; it is a number of runs from 0")
    question = read_question(where, order_by, as_of=as_of, known_at=known_at)
    return answers(sources, question if hidden else question.without_hidden(), limit)


def answers(
    sources: Sources,
    question: Question,
    limit: int | None = None,
    on_progress: Callable[[str, float | None], None] = lambda text, share: None,  # noqa: ARG005
) -> Iterator[RunSummary]:
    """The runs that a question asks for, hidden ones too. They are read as they are asked for, if no order needs all first.

    `on_progress` gets what is done, and which share of all if that is known. Raises BadSearch and BadLogUrl.
    """
    index = _index(sources, question)
    if index is not None:
        index.bring_up_to_date(
            {name.key for name in question.names},
            lambda summary, keys: indexed_values(_stored_run(sources, summary), keys),
            lambda done, total: on_progress(f"{done} of {total} runs taken into the index", done / total),
        )
        return islice(_by_index(sources, index, question), limit)
    matching = _matching(sources, question, on_progress, few=limit is not None and limit <= FEW_RUNS)
    if not question.order:
        return islice(matching, limit)
    if limit is None:
        return iter(sorted(matching, key=lambda run: sort_key(run, question.order)))
    return iter(heapq.nsmallest(limit, matching, key=lambda run: sort_key(run, question.order)))


def _index(sources: Sources, question: Question) -> SearchIndex | None:
    if not question.is_of_now or question.lists_all:
        return None
    read_models, _ = require_read_models(sources)
    return read_models.search_index("run")


def _by_index(sources: Sources, index: SearchIndex, question: Question) -> Iterator[RunSummary]:
    if not all(map(index.has, question.required)):
        runs = cast("Iterator[RunSummary]", summaries_of(sources, "run"))
        _require_names(question, {key for run in runs for key in keys_of(whole_summary(sources, run))})
    for summary in index.find(question.condition, question.order):
        run = _stored_run(sources, summary)
        if meets(run, question.condition):
            yield run


def _matching(
    sources: Sources, question: Question, on_progress: Callable[[str, float | None], None], *, few: bool
) -> Iterator[RunSummary]:
    """The newest first. Raises BadSearch where all were read and none has a name."""
    required, known, since = question.required, set[str](), question.since
    as_of, known_at = question.as_of, question.known_at
    few = few and question.lists_all
    runs = cast("Iterator[RunSummary]", summaries_of(sources, "run", as_of=as_of, known_at=known_at, few=few))
    for number, run in enumerate(runs, 1):
        if since is not None and run.first_at < since:
            return  # they come the newest first
        on_progress(f"{number} runs read", None)
        if number == MANY_RUNS and question.is_of_now:
            _log.warning(_MANY)
        judged = run if question.lists_all else whole_summary(sources, run, as_of=as_of, known_at=known_at)
        if not required <= known:
            known.update(keys_of(judged))
        if meets(judged, question.condition):
            yield judged
    _require_names(question, known)


def _stored_run(sources: Sources, summary: bytes) -> RunSummary:
    return whole_summary(sources, cast("RunSummary", current_summary(sources, summary, "run")))


def _require_names(question: Question, known: set[str]) -> None:
    """Raises BadSearch for the first name that is none of the known ones, where there are any."""
    missing = question.required - known if known else set()
    for condition in conditions_of(question.condition):
        if condition.name.key in missing:
            raise BadSearch(f"where, at character {condition.written_at + 1}: {no_such_name(condition.name, known)}")
    for name, _ in question.order:
        if name.key in missing:
            raise BadSearch(f"order: {no_such_name(name, known)}")
