"""The page of a file of evidence: what happened, what is proved, who signed it, how to check it, and what is not proved.

It is made like a report: one file, which asks nothing of any network. It has no script at all, and by its policy a browser runs
none. Every text of the log passes the filter that shows it as text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from msgspec import Struct

from training_events.folds.dataset import DatasetState
from training_events.folds.model import ModelState, Promotion, Version
from training_events.folds.run_state import RunState
from training_events.pages import assets
from training_events.pages.page import Page, Section
from training_events.pages.rendering import render
from training_events.pages.report.anchors import Anchors
from training_events.pages.sections.attempts import attempts_section
from training_events.pages.sections.dataset import dataset_versions_section
from training_events.pages.sections.inputs import inputs_section
from training_events.pages.sections.summary import summary_section
from training_events.pages.shown_stream import ShownStream
from training_events.reading.run_life import Life

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.evidence.facts import ArtifactFacts, Facts, StreamFacts

STYLES = ("page.css", "table.css", "verification.css", "versions.css", "evidence.css")
"""Of pages/static, in this order."""
KINDS = {"model": "evidence of a model", "run": "evidence of a run", "dataset": "evidence of a dataset"}


class Subject(Struct, frozen=True):
    """A version of a model, and who put it into service when; what it was made from stands in the run's own sections."""

    name: str
    version: Version
    run: str | None
    promotions: list[Promotion]


class Proof(Struct, frozen=True):
    """What is proved: of these streams, and of this artifact where the subject has one with a digest."""

    streams: list[StreamFacts]
    size: int
    artifacts: int
    attested: bool


class Check(Struct, frozen=True):
    """How to check the file. `key` is the SHA-256 of the public key, in hex."""

    key: str
    attested: bool


def evidence_html(facts: Facts) -> str:
    """The whole page. The same facts make the same one."""
    styles = assets.assets_text(STYLES)
    stream_ids = {it.stream: f"stream-{number}" for number, it in enumerate(facts.streams, 1)}
    page = Page(
        title=facts.subject.partition("/")[2], kind=KINDS[facts.stream.partition("/")[0]], sections=list(_sections(facts))
    )
    return render(
        "evidence.html",
        Anchors(stream_ids),
        page=page,
        facts=facts,
        stream_ids=stream_ids,
        policy=f"default-src 'none'; style-src {assets.policy_hash(styles)}; base-uri 'none'; form-action 'none'",
        styles=Markup(styles),  # noqa: S704 - files of this package
    )


def _sections(facts: Facts) -> Iterator[Section]:
    yield from _what_happened(facts)
    attested = facts.provenance is not None
    yield Section("evidence_proof", "What is proved", _proof(facts))
    yield Section("evidence_signature", "Who signed it", facts.checkpoint)
    yield Section("evidence_check", "Check it yourself", Check(facts.checkpoint.key, attested))
    yield Section("evidence_limits", "What it does not prove", facts.not_proved)
    if facts.run is not None:
        yield inputs_section(facts.run)
        if len(facts.run.attempts) > 1:
            yield attempts_section(facts.run)
    if facts.artifacts:
        yield Section("evidence_files", "Files that the events name", _by_kind(facts.artifacts))
    yield Section("evidence_events", "Events", facts.streams)


def _what_happened(facts: Facts) -> Iterator[Section]:
    """The subject, then how the run went that made it."""
    version, state = facts.model_version, facts.streams[0].state
    if version is not None and isinstance(state, ModelState) and facts.version is not None:
        promotions = [promotion for promotion in state.promotions if promotion.version == facts.version]
        run = None if version.run is None else f"run/{version.run.removeprefix('run/')}"
        yield Section("evidence_subject", "What happened", Subject(facts.version, version, run, promotions))
    if isinstance(state, DatasetState):
        yield _titled(dataset_versions_section(state), "What happened")
    if (run_state := facts.run) is not None:
        title = "The run" if version is not None else "What happened"
        yield _titled(_summary(run_state, facts), title)


def _summary(state: RunState, facts: Facts) -> Section:
    at = facts.checkpoint.at or state.last_at
    shown: ShownStream[Any] = ShownStream(state, at, None, Life())
    return summary_section(shown, whole=True)


def _titled(section: Section, title: str) -> Section:
    return Section(section.name, title, section.content)


def _proof(facts: Facts) -> Proof:
    return Proof(facts.streams, facts.checkpoint.size, len(facts.artifacts), facts.provenance is not None)


def _by_kind(artifacts: list[ArtifactFacts]) -> list[ArtifactFacts]:
    """The model first, then what people look for less."""
    order = ("model", "artifact", "dataset", "checkpoint")
    return sorted(artifacts, key=lambda it: min((order.index(kind) for kind in it.kinds if kind in order), default=len(order)))
