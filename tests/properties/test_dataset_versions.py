"""The recorder and S3 both register a version of a dataset: it is one version, whoever is first, whatever happens between."""

import itertools
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from training_events import folds
from training_events.bus.received import event_of
from training_events.event import Event
from training_events.folds.dataset import MAX_DISPUTED, DatasetState
from training_events.proof.findings import Kind
from training_events.proof.verification import verify

from tests.support.fakes import InMemoryLog
from tests.support.histories import entry
from tests.support.paths import EVENTS

CONTENTS = ("aa", "bb", "cc")
Fact = tuple[str, dict[str, Any]]


def state_after(facts: list[Fact]) -> DatasetState:
    """The state after these facts, which occurred in this order."""
    events = [
        Event(f"e{number}", "dataset/d", type_, f"2026-11-22T15:00:00.{number:06d}Z", "tests", data)
        for number, (type_, data) in enumerate(facts)
    ]
    state = folds.fold(folds.empty("dataset/d"), map(entry, events))
    assert isinstance(state, DatasetState)
    return state


def at(number: int) -> str:
    return f"2026-11-22T15:00:00.{number:06d}Z"


def by_s3(name: str) -> Fact:
    return "DatasetRegistered", {"uri": "s3://b/datasets/d/x", "version_id": name, "bytes": 7}


def by_recorder(name: str) -> Fact:
    more = {"sha256": name * 32, "rows": 3, "registered_by": "ada"}
    return "DatasetRegistered", {"uri": "s3://b/datasets/d/x", "version_id": name, "bytes": 7, **more}


def claim(name: str, digest: str | None, size: int | None) -> Fact:
    known = {"version_id": name, "sha256": digest and digest * 32, "bytes": size}
    return "DatasetRegistered", {
        "uri": "s3://b/datasets/d/x",
        **{key: value for key, value in known.items() if value is not None},
    }


def local(name: str) -> Fact:
    return "DatasetRegistered", {"uri": "file:///d/x", "sha256": name * 32, "bytes": 7}


both = st.sampled_from([by_s3, by_recorder])
in_s3 = st.lists(st.tuples(both, st.sampled_from(CONTENTS)), max_size=12)


@given(in_s3)
def test_a_version_has_all_that_its_registrations_know_of_it(registrations: list[tuple[Any, str]]):
    state = state_after([registration_by(name) for registration_by, name in registrations])
    first = {name: number for number, (_, name) in reversed(list(enumerate(registrations)))}
    complete = {name for registration_by, name in registrations if registration_by is by_recorder}
    assert [version.stored.version_id for version in state.versions] == sorted(first, key=lambda name: first[name])
    assert state.registered == len(first)
    for version in state.versions:
        name = str(version.stored.version_id)
        assert version.registered_at == at(first[name])
        assert version.stored.bytes == 7
        known = (name * 32, 3, "ada") if name in complete else (None, None, None)
        assert (version.stored.sha256, version.rows, version.registered_by) == known


@given(st.permutations([by_s3("aa"), by_recorder("aa"), by_s3("bb"), by_recorder("bb")]))
def test_the_order_of_the_registrations_changes_only_times(facts: list[Fact]):
    versions = sorted(
        (version.stored.version_id, version.stored.sha256, version.rows) for version in state_after(facts).versions
    )
    assert versions == [("aa", "aa" * 32, 3), ("bb", "bb" * 32, 3)]


@given(st.lists(st.sampled_from(CONTENTS), max_size=9))
def test_a_file_registered_again_with_the_same_content_is_no_new_version(names: list[str]):
    state = state_after([local(name) for name in names])
    assert [version.stored.sha256 for version in state.versions] == [name * 32 for name, _ in itertools.groupby(names)]
    assert state.registered == len(state.versions)


def test_a_registration_of_a_file_fills_in_its_newest_version():
    counted: Fact = ("DatasetRegistered", local("bb")[1] | {"rows": 3})
    state = state_after([local("aa"), local("bb"), counted])
    assert [version.rows for version in state.versions] == [None, 3]


nameless: list[Fact] = [("DatasetRegistered", {}), ("DatasetRegistered", {"uri": "https://x"})]


@given(st.lists(st.sampled_from([*nameless, local("aa")]), max_size=5))
def test_registrations_without_an_identity_are_a_version_each(facts: list[Fact]):
    unknown = sum("sha256" not in data for _, data in facts)
    versions = state_after(facts).versions
    assert sum(version.stored.sha256 is None for version in versions) == unknown
    assert sum(version.stored.sha256 is not None for version in versions) == (local("aa") in facts)


def test_a_translated_event_of_s3_and_the_recorders_event_are_one_version():
    sample = json.loads((EVENTS / "aws_object_created.json").read_text(encoding="utf-8"))
    sample["detail"]["object"]["key"] = "datasets/d/x"
    by_aws = event_of(sample)
    by_us = {**by_aws.data, "sha256": "aa" * 32, "rows": 3}
    for facts in itertools.permutations([(by_aws.type, by_aws.data), ("DatasetRegistered", by_us)]):
        (version,) = state_after(list(facts)).versions
        assert (version.stored.version_id, version.stored.bytes) == ("IYV3p45BT0ac8hjHg1houSdS1a.Mro8e", 5)
        assert (version.stored.sha256, version.rows) == ("aa" * 32, 3)


def test_the_first_registration_of_a_value_stays():
    other = by_recorder("aa")[1] | {"sha256": "0" * 64, "rows": 0, "bytes": 0, "registered_by": "bob"}
    (version,) = state_after([by_recorder("aa"), ("DatasetRegistered", other)]).versions
    assert (version.stored.sha256, version.rows, version.registered_by, version.stored.bytes) == ("aa" * 32, 3, "ada", 7)
    (version,) = state_after([("DatasetRegistered", other), by_recorder("aa")]).versions
    assert (version.rows, version.stored.bytes) == (0, 0), "zero is a value"


def test_a_version_that_is_registered_again_is_not_retired_any_more():
    retired: Fact = ("DatasetRetired", {"sha256": "aa" * 32})
    state = state_after([by_s3("aa"), by_recorder("aa"), retired])
    assert state.versions[0].retired_at == at(2)
    state = state_after([by_s3("aa"), by_recorder("aa"), ("DatasetRetired", {}), by_recorder("aa")])
    assert (state.status, state.versions[0].retired_at, state.registered) == ("active", None, 1)


claims = st.tuples(st.sampled_from(CONTENTS[:2]), st.sampled_from([None, *CONTENTS]), st.sampled_from([None, 7, 8]))


@given(st.lists(claims, max_size=12))
def test_a_version_of_which_two_digests_or_sizes_are_said_is_disputed_and_verify_names_who_contradicts(
    said: list[tuple[str, str | None, int | None]],
):
    facts = [claim(*each) for each in said]
    state = state_after(facts)
    for version in state.versions:
        mine = [(digest, size) for name, digest, size in said if name == version.stored.version_id]
        digests = list(dict.fromkeys(digest * 32 for digest, _ in mine if digest))
        sizes = list(dict.fromkeys(size for _, size in mine if size))
        assert (version.stored.sha256, version.stored.bytes) == (next(iter(digests), None), next(iter(sizes), None))
        disputed = {"sha256": digests[1:], "bytes": sizes[1:]}
        assert version.disputed == {name: others for name, others in disputed.items() if others}

    log = InMemoryLog()
    for number, (type_, data) in enumerate(facts):
        log.append(Event(f"e{number}", "dataset/d", type_, at(number), "tests", data))
    verification = verify(log, None, "dataset/d")
    first: dict[tuple[str, str], object] = {}
    contradictions = []
    for number, (name, digest, size) in enumerate(said):
        for what, value in (("sha256", digest), ("bytes", size)):
            if value is not None and first.setdefault((name, what), value) != value:
                contradictions.append((at(number), what))
    found = [(finding.position, finding.explanation.split(" it says ")[1].split()[0]) for finding in verification.findings]
    assert {finding.kind for finding in verification.findings} <= {Kind.DISPUTED}
    assert sorted(((position or "")[:27], what) for position, what in found) == sorted(contradictions)
    assert verification.sound
    assert verification.complete


def test_many_digests_of_one_version_do_not_fill_the_state():
    state = state_after([claim("aa", f"{number:02x}", None) for number in range(99)])
    assert state.versions[0].disputed == {"sha256": [f"{number:02x}" * 32 for number in range(1, 1 + MAX_DISPUTED)]}
