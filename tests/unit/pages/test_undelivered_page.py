"""What could not be recorded, on a page: with its reason and what to do, and looking at it takes nothing from anybody."""

import json
import re
from typing import Any

import pytest
from training_events import aws
from training_events.pages.sections.undelivered import MAX_CHARACTERS, MAX_MESSAGES
from training_events.pages.undelivered_page import undelivered_page
from training_events.reading.wording.undelivered import ADVICE_BY_REASON, ADVICE_BY_SHAPE
from training_events.recorder.delivery.destination import Destination, Unsent
from training_events.recorder.delivery.spool import Spool

from tests.support.pages import html_of, shown_log, text_of
from tests.support.paths import ROOT
from tests.support.queues import NAMES, Queue, sqs_message

START: tuple[str, str, str, dict[str, Any]] = ("run/a", "TrainingStarted", "2026-11-22T15:00:00.000000Z", {})


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """A laptop's log, with no queue, no bus and an empty spool."""
    for name in ("TRAINING_EVENTS_UNDELIVERED", "TRAINING_EVENTS_BUS", "TRAINING_EVENTS_LOG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TRAINING_EVENTS_SPOOL", str(tmp_path / "spool"))
    return shown_log(tmp_path, START)


@pytest.fixture
def queue(sources, monkeypatch):
    """All shapes of messages wait in it, a page of them and more."""
    messages = [sqs_message(name) for name in NAMES]
    queue = Queue(*messages, *({**messages[0], "MessageId": f"more-{n}"} for n in range(MAX_MESSAGES)))
    monkeypatch.setenv("TRAINING_EVENTS_UNDELIVERED", queue.url)
    monkeypatch.setattr(aws, "client", lambda _: queue)
    return queue


def test_without_a_queue_it_says_how_one_is_named(sources):
    text = text_of(html_of(undelivered_page(sources)))
    assert "On a laptop there is no queue. TRAINING_EVENTS_UNDELIVERED names the queue of a stack" in text
    assert "Nothing waits here." in text


def test_what_waits_is_shown_with_its_reason_and_what_to_do(sources, queue):
    [section] = undelivered_page(sources).sections
    in_queue, _ = section.content.places
    text = text_of(html_of(undelivered_page(sources)))
    assert "NO_PERMISSIONS" in text
    assert ADVICE_BY_SHAPE["dead_letter"] in text
    assert ADVICE_BY_REASON["no_stream"] in text
    assert (len(in_queue.messages), in_queue.has_more) == (MAX_MESSAGES, True)
    assert "The first 100 messages" in text


def test_looking_hides_no_message_from_others(sources, queue):
    before = dict(queue.messages)
    undelivered_page(sources)
    assert queue.hidden == set()
    assert queue.messages == before


def test_what_recorders_set_aside_for_the_log_that_is_shown_is_there_too(sources, tmp_path):
    spool = Spool(tmp_path / "spool", Destination("log", f"sqlite:///{tmp_path}/log.db"), "producer")
    line = json.dumps({"source": "s", "detail-type": "Happened", "detail": {"stream": "run/b", "data": "x" * 9000}}).encode()
    assert spool.set_aside([Unsent(line, "in_the_future: it happened at 2999", final=True)])
    spool.close()
    _, beside_spool = undelivered_page(sources).sections[0].content.places
    [shown] = beside_spool.messages
    assert (shown.message.reason, shown.message.names.stream) == ("in_the_future", "run/b")
    assert shown.advice == ADVICE_BY_REASON["in_the_future"]
    assert (len(shown.text), shown.is_cut) == (MAX_CHARACTERS, True)


def test_the_reasons_with_advice_are_those_that_the_guide_explains():
    guide = (ROOT / "docs/operate/undelivered.md").read_text(encoding="utf-8")
    table = guide.partition("| reason |")[2].partition("\n\n")[0]
    explained = {name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1] if "|" in row else "")}
    assert explained <= ADVICE_BY_REASON.keys()
    assert ADVICE_BY_REASON.keys() - explained <= {
        # the guide says "and so on" for what makes JSON unsound, and for what no state has
        "lone_surrogate", "not_json", "not_an_object", "unknown_type", "newer_version",
    }  # fmt: skip
