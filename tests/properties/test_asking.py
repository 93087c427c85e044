"""Whatever is asked of a time gives the answer that was given at that time.

A log answers `as_of` a time as a log does that has only what had occurred by then, and `known_at` a time as one that has only
what was recorded by then: with late arrivals, runs that were hidden, attempts that take points back, and promotions.
A new question is one more line in QUESTIONS.
"""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from training_events.errors import Misused
from training_events.event import Event
from training_events.reading import summaries
from training_events.reading.log import Log

from tests.support.histories import histories
from tests.support.numbered_log import numbered_log, recorded_at

QUESTIONS: dict[str, Callable[..., Any]] = {
    "runs": lambda log, **times: log.runs(**times),
    "the first runs": lambda log, **times: log.runs(limit=2, **times),
    "hidden runs too": lambda log, **times: log.runs(hidden=True, **times),
    "runs with a metric": lambda log, **times: log.runs("metrics.loss >= 0 OR metrics.f1.last < 1", **times),
    "runs with a hyperparameter": lambda log, **times: log.runs("params.a > 0.4 AND status != 'failed'", **times),
    "the best run": lambda log, **times: log.runs(order_by="-metrics.loss", limit=1, **times),
    "runs that used some data": lambda log, **times: log.runs("datasets.digest = 'aa'", hidden=True, **times),
    "models": lambda log, **times: log.models(**times),
    "datasets": lambda log, **times: log.datasets(**times),
    "serving": lambda log, **times: log.serving(**times),
    "a run": lambda log, **times: log.run("a", **times),
    "a model": lambda log, **times: log.model("m", **times),
    "a dataset": lambda log, **times: log.dataset("d", **times),
    "points": lambda log, **times: log.points("a", **times),
    "points of all runs": lambda log, **times: log.points(metric="loss", **times),
    "events": lambda log, **times: log.events("run/a", **times),
    "what differs": lambda log, **times: without_times(log.compare(["a", "b"], all_inputs=True, **times)),
    "what differs from an attempt": lambda log, **times: without_times(log.compare(["a@1", "b"], **times)),
    "lineage of a run": lambda log, **times: lineage(log, "run/a", **times),
    "lineage of a model": lambda log, **times: lineage(log, "model/m", **times),
    "lineage of a dataset": lambda log, **times: lineage(log, "dataset/d", **times),
}
"""Each gets a log, and the times to ask it of."""


def without_times(answer: msgspec.Struct) -> msgspec.Struct:
    """Without the times that were asked of."""
    return msgspec.structs.replace(answer, as_of=None, known_at=None)


def lineage(log: Log, stream: str, **times: str | None) -> msgspec.Struct:
    """A lineage without what became of runs since: a registration pins how many events the log had, in the order of arrival.

    A log of what had occurred by a time has not taken the same ones by then.
    """
    found = log.lineage(stream, **times)
    nodes = [msgspec.structs.replace(node, run_since=None) if hasattr(node, "run_since") else node for node in found.nodes]
    return without_times(msgspec.structs.replace(found, nodes=nodes))


def answer(question: Callable[..., Any], log: Log, **times: str | None) -> Any:
    """The answer as text, in which NaN is NaN; of a mistake, that it is one: what is there now decides which names are near."""
    try:
        answered = question(log, **times)
        plain = msgspec.to_builtins(answered if isinstance(answered, msgspec.Struct) else list(answered), str_keys=True)
        return json.dumps(plain, sort_keys=True)
    except Misused as mistake:
        return type(mistake).__name__


@given(histories(), st.data())
@settings(max_examples=60, deadline=None)
def test_the_answer_about_a_time_is_the_one_that_was_given_then(
    tmp_path_factory: pytest.TempPathFactory, events: list[Event], data: st.DataObject
):
    folder = tmp_path_factory.mktemp("logs")
    numbered = list(enumerate(events))
    known = data.draw(st.none() | st.integers(0, len(events) - 1), label="known")
    as_of = data.draw(st.none() | st.integers(0, 5).map("2026-11-22T15:00:00.00000{}Z".format), label="as of")
    by_then = [
        (number, event)
        for number, event in numbered
        if (known is None or number <= known) and (as_of is None or event.occurred_at <= as_of)
    ]
    known_at = None if known is None else recorded_at(known)
    with (
        pytest.MonkeyPatch.context() as patched,
        Log(numbered_log(folder / "all.db", numbered)) as log,
        Log(numbered_log(folder / "then.db", by_then)) as then,
    ):
        # a small log is read stream by stream, a large one as a whole
        patched.setattr(summaries, "MAX_READ_ALONE", data.draw(st.sampled_from([0, 200]), label="read alone"))
        for name, question in QUESTIONS.items():
            assert answer(question, log, as_of=as_of, known_at=known_at) == answer(question, then), name
