"""Verification on a page: what `verify` says, in words that can be understood, and how to check it without the page."""

import re
import sqlite3
from contextlib import closing

import pytest
from training_events.errors import NoSuchStream
from training_events.pages.page import Asked, Page
from training_events.pages.sections.check import check_section
from training_events.pages.sections.verification import verification_section
from training_events.proof.findings import Kind
from training_events.proof.verification import verify
from training_events.reading.verification import verification_of
from training_events.reading.wording.verification import MEANINGS

from tests.support.command_line import run_cli
from tests.support.pages import html_of, shown_log, text_of

FACTS = [
    ("run/a", "TrainingStarted", "2026-11-22T15:00:00.000000Z", {}),
    ("run/a", "MetricsRecorded", "2026-11-22T15:01:00.000000Z", {"points": [{"name": "loss", "value": 1}]}),
    ("run/a", "TrainingCompleted", "2026-11-22T15:02:00.000000Z", {}),
]


def shown(section):
    return text_of(html_of(Page("a", "run", [section])))


def test_a_sound_stream_is_called_so_with_what_its_seal_covers(tmp_path):
    sources = shown_log(tmp_path, *FACTS)
    section = verification_section(sources, "run/a", whole=True)
    assert section.content.verification == verification_of(sources, "run/a")
    text = shown(section)
    assert "sound Nothing was altered, removed or forged, and nothing is missing." in text
    assert "Sealed 3 events, by 1 seal" in text
    assert "Tree of the whole log 3 events have a leaf" in text
    assert section.content.verification.seals.root in text


def test_an_altered_event_is_named_and_what_that_means_is_told(tmp_path):
    sources = shown_log(tmp_path, *FACTS)
    with closing(sqlite3.connect(tmp_path / "log.db")) as other, other:
        other.execute("UPDATE events SET data = '{}' WHERE type = 'MetricsRecorded'")
    section = verification_section(sources, "run/a", whole=True)
    text = shown(section)
    assert "broken Something is not as it was recorded." in text
    assert "altered The event is not what was recorded. the event was recorded with the digest sha256:" in text
    assert "at 2026-11-22T15:01:00.000000Z#e-1" in text


def test_a_page_that_does_not_wait_for_it_has_what_the_last_seal_covers(tmp_path):
    section = verification_section(shown_log(tmp_path, *FACTS), "run/a", whole=False)
    assert section.content.verification is None
    assert "The last seal covers 3 events" in shown(section)


def test_without_a_seal_it_says_so(tmp_path):
    section = verification_section(shown_log(tmp_path, FACTS[0]), "run/a", whole=False)
    assert "No seal covers this run yet." in shown(section)


def test_a_stream_that_nothing_knows_is_not_verified(tmp_path):
    with pytest.raises(NoSuchStream):
        verification_section(shown_log(tmp_path, *FACTS), "run/b", whole=True)


def test_every_kind_of_finding_has_a_meaning():
    assert MEANINGS.keys() == set(Kind)


def test_the_commands_to_check_it_print_what_the_page_says_they_print(tmp_path, capsys):
    sources = shown_log(tmp_path, *FACTS)
    steps = check_section(sources, "run/a", Asked()).content.steps
    printed = {step.shows: step.prints for step in steps if step.prints}
    _, history, _ = run_cli(capsys, "history", "run/a", "--json", "--log", f"sqlite:///{tmp_path}/log.db")
    digests = re.findall(r'"digest":"(sha256:\w+)"', history)
    root = verify(sources.log, sources.seals, "run/a").seals.root
    assert list(printed.values()) == [str(len(digests)), digests[-1], root]


def test_the_commands_of_a_past_page_ask_about_its_times(tmp_path):
    asked = Asked("2026-11-22T15:01:00.000000Z", "2099-01-01T00:00:00.000000Z")
    first, *_ = check_section(shown_log(tmp_path, *FACTS), "run/a", asked).content.steps
    assert first.command == (
        "training-events show run/a --as-of 2026-11-22T15:01:00.000000Z --known-at 2099-01-01T00:00:00.000000Z"
    )


def test_a_name_is_quoted_for_the_shell(tmp_path):
    sources = shown_log(tmp_path, ("run/a $(rm)", "TrainingStarted", "2026-11-22T15:00:00.000000Z", {}))
    steps = check_section(sources, "run/a $(rm)", Asked()).content.steps
    of_the_log = "training-events checkpoint"
    assert of_the_log in [step.command for step in steps]
    assert all("'run/a $(rm)'" in step.command for step in steps if step.command != of_the_log)
