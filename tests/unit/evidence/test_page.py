"""The page of a file of evidence: what it says, that it says it safely, and that a browser may run nothing in it."""

import re

import pytest
from msgspec.structs import replace
from training_events.event import Event
from training_events.evidence.facts import NOT_PROVED, Facts
from training_events.evidence.page import evidence_html

from tests.support.evidence import SUBJECT, evident_log, files_of
from tests.support.fakes import InMemoryLog
from tests.support.hostile_texts import DATASET, HOSTILE, MODEL, STREAMS, hostile_facts
from tests.support.pages import tags_of, text_of
from tests.support.shown_evidence import facts_of


@pytest.fixture(scope="module")
def hostile_log() -> InMemoryLog:
    log = InMemoryLog()
    for number, (stream, type_, data) in enumerate(hostile_facts()):
        at = f"2026-11-22T15:{number // 60:02d}:{number % 60:02d}.000000Z"
        log.append(Event(f"e-{number}", stream, type_, at, "tests", data))
    return log


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    """Of a model in a real file of evidence."""
    with evident_log("sqlite", tmp_path_factory.mktemp("evident")) as evident:
        content, written = evident.evidence()
        assert files_of(content)["index.html"].decode() == evidence_html(written.facts)
        return written.facts


def test_page_tells_what_happened_what_is_proved_who_signed_and_what_is_not_proved(facts: Facts):
    html = evidence_html(facts)
    text = text_of(html)
    headings = re.findall(r"<h2 [^>]*>([^<]+)</h2>", html)
    assert headings[:6] == [
        "What happened",
        "The run",
        "What is proved",
        "Who signed it",
        "Check it yourself",
        "What it does not prove",
    ]
    assert SUBJECT in text
    for it in (facts.checkpoint.key, facts.checkpoint.root, facts.checkpoint.origin, "python check.py FILE.zip --key key.pem"):
        assert it in text
    for sentence in NOT_PROVED:
        assert _without_blanks(sentence.replace("`", "")) in _without_blanks(text)


def _without_blanks(text: str) -> str:
    return "".join(text.split())


def test_every_stream_is_there_with_its_events(facts: Facts):
    text = text_of(evidence_html(facts))
    for it in facts.streams:
        assert f"{it.stream} {it.events} event" in text
        for event in it.shown:
            assert f"{event.type}" in text
            assert event.digest in text


def test_every_file_is_there_with_its_digest(facts: Facts):
    html = evidence_html(facts)
    for artifact in facts.artifacts:
        assert f'title="{artifact.stored.sha256}"' in html


def test_links_lead_into_the_page(facts: Facts):
    tags = tags_of(evidence_html(facts))
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [attributes["href"] for tag, attributes in tags if tag == "a"]
    assert "#stream-2" in links
    assert {link.removeprefix("#") for link in links if link.startswith("#")} <= set(ids)


def test_unsigned_provenance_is_not_claimed(facts: Facts):
    assert "provenance.dsse.json" in evidence_html(facts)
    assert "provenance.dsse.json" not in evidence_html(replace(facts, provenance=None))


def test_nothing_runs_and_nothing_is_loaded(facts: Facts):
    html = evidence_html(facts)
    tags = tags_of(html)
    assert not [tag for tag, _ in tags if tag in ("script", "link", "img", "iframe", "base", "form")]
    [policy] = [attributes["content"] for _, attributes in tags if attributes.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "script-src" not in policy


@pytest.mark.parametrize("subject", [*STREAMS, DATASET, *(f"{MODEL}@{version}" for version in HOSTILE)], ids=ascii)
def test_hostile_texts_are_texts(hostile_log: InMemoryLog, subject: str):
    tags = tags_of(evidence_html(facts_of(hostile_log, subject)))
    assert not [tag for tag, _ in tags if tag in ("x-hostile", "script", "img", "svg", "iframe")]
    assert not [name for _, attributes in tags for name in attributes if name.startswith("on")]
    assert not [it for _, it in tags if it.get("href", "#").lower().startswith("javascript:")]
