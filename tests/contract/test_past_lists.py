"""A list of the past is the same whether its streams are read one by one or the whole log at once."""

from itertools import islice
from typing import Any, NamedTuple

import pytest
from training_events import times
from training_events.reading import summaries
from training_events.reading.opening import bring_up_to_date
from training_events.reading.search.find import answers
from training_events.reading.search.question import read_question
from training_events.reading.serving import served_stages
from training_events.reading.summaries import summaries_of

from tests.support.asking import Asked

BEFORE, IN_BETWEEN, LATER = (f"2026-11-22T{time}.000000Z" for time in ("14:00:00", "15:02:05", "16:00:00"))
ASKED = [(BEFORE, "now"), (IN_BETWEEN, "now"), (LATER, "now"), (None, "then"), (IN_BETWEEN, "then")]
"""As of when, and whether as it was known when the log had half of it."""


class Past(NamedTuple):
    """A log, and the time when it had half of its events."""

    asked: Asked
    half: str

    def times(self, as_of: str | None, known: str) -> dict[str, Any]:
        return {"as_of": as_of, "known_at": self.half if known == "then" else None}


@pytest.fixture
def past(asked: Asked) -> Past:
    """Runs that began one after the other, of which one is hidden later and one got a metric later; a model and a dataset."""
    for number in range(4):
        asked.record(f"run/r-{number}", "TrainingStarted", f"15:0{number}:00", hyperparameters={"alpha": number})
        asked.record(f"run/r-{number}", "TrainingCompleted", f"15:0{number}:10")
    asked.record("model/m", "ModelRegistered", "15:01:00", version=1)
    asked.record("model/m", "ModelPromoted", "15:01:30", version=1, stage="production")
    half = times.now()
    asked.record("run/r-late", "TrainingStarted", "15:00:30")
    asked.record("run/r-1", "Hidden", "15:30:00")
    asked.record("run/r-0", "MetricsRecorded", "15:31:00", points=[{"name": "accuracy", "value": 0.5}])
    asked.record("model/m", "ModelPromoted", "15:40:00", version=2, stage="production")
    asked.record("dataset/d", "DatasetRegistered", "15:01:00", uri="s3://b/d.npz")
    bring_up_to_date(asked.sources)
    return Past(asked, half)


@pytest.mark.parametrize(("as_of", "known"), ASKED)
def test_streams_are_read_one_by_one_as_from_the_whole_log(
    past: Past,
    as_of: str | None,
    known: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sources, asked_of = past.asked.sources, past.times(as_of, known)

    def listed() -> list[Any]:
        found = [list(summaries_of(sources, kind, **asked_of)) for kind in ("run", "model", "dataset")]
        return [*found, list(served_stages(sources, **asked_of))]

    one_by_one = listed()
    monkeypatch.setattr(summaries, "MAX_READ_ALONE", 0)
    assert one_by_one == listed()


@pytest.mark.parametrize(("as_of", "known"), ASKED)
@pytest.mark.parametrize("count", [1, 3, 10])
def test_the_first_few_runs_are_those_of_the_whole_list(
    past: Past,
    as_of: str | None,
    known: str,
    count: int,
) -> None:
    question = read_question(**past.times(as_of, known)).without_hidden()
    sources = past.asked.sources
    assert list(answers(sources, question, count)) == list(islice(answers(sources, question), count))
