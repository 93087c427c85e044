"""A store without an index has all summaries read: that is told, as it goes on and where it takes long."""

import logging

import pytest
from training_events.event import Event
from training_events.projection.projector import Projector
from training_events.reading.opening import Sources
from training_events.reading.search import find
from training_events.reading.search.question import created_since, read_question

from tests.support.fakes import InMemoryLog, InMemoryReadModels


@pytest.fixture
def sources() -> Sources:
    log, read_models = InMemoryLog(), InMemoryReadModels()
    projector = Projector(log, read_models)
    for number in range(5):
        log.append(Event(f"e-{number}", f"run/{number}", "TrainingStarted", f"2026-11-22T15:00:0{number}.000000Z", "tests", {}))
        projector.refold(f"run/{number}")
    return Sources(log, read_models, projector, None)


def test_progress_and_a_large_number_are_told(
    sources: Sources, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(find, "MANY_RUNS", 5)
    told: list[tuple[str, float | None]] = []
    question = read_question("status = 'running'", "-created")
    with caplog.at_level(logging.WARNING):
        runs = list(find.answers(sources, question, on_progress=lambda text, share: told.append((text, share))))
    assert len(runs) == 5
    assert told[-1] == ("5 runs read", None)
    [record] = caplog.records
    assert "search an export of the log" in record.getMessage()


def test_what_is_older_than_asked_for_is_not_read(sources: Sources) -> None:
    told: list[str] = []
    question = read_question("status = 'running'").also(created_since("2026-11-22T15:00:03.000000Z"))
    runs = find.answers(sources, question, on_progress=lambda text, _: told.append(text))
    assert [run.id for run in runs] == ["4", "3"]
    assert told == ["1 runs read", "2 runs read"]
