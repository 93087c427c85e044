"""The verdicts on all streams, of a log in a file and of one in DynamoDB."""

import pytest
from training_events.pages.page import Asked as Times
from training_events.pages.page import Query
from training_events.pages.verification_page import verification_page, verifications_page
from training_events.reading.opening import bring_up_to_date
from training_events.reading.verification import streams_to_look_at, streams_to_verify

from tests.support.asking import Asked
from tests.support.pages import html_of, text_of


@pytest.fixture
def three(asked: Asked) -> Asked:
    asked.record("run/a", "TrainingStarted", "15:00:00")
    asked.record("run/b", "TrainingStarted", "16:00:00")
    asked.record("model/m", "ModelRegistered", "14:00:00", version="1")
    bring_up_to_date(asked.sources)
    return asked


def test_every_stream_has_its_verdict_the_newest_first(three: Asked) -> None:
    page = verifications_page(three.sources, Times(), Query())
    [section] = page.sections
    assert [row.verification.stream for row in section.content.verdicts] == ["run/b", "run/a", "model/m"]
    assert {row.verdict for row in section.content.verdicts} == {"sound"}
    assert "3 sound" in text_of(html_of(page))


def test_they_are_the_streams_that_verify_all_takes(three: Asked) -> None:
    assert set(streams_to_look_at(three.sources)) == set(streams_to_verify(three.sources))


def test_the_page_of_one_has_what_covers_it_and_the_commands(three: Asked) -> None:
    text = text_of(html_of(verification_page(three.sources, "model/m", Times())))
    assert "sound Nothing was altered" in text
    assert "training-events verify model/m" in text
    assert ("by 1 seal" in text) == (three.sources.seals is not None)
