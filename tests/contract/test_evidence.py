"""A file of evidence of each kind of log proves what the log holds of its subject, and is the same each time."""

import json
from base64 import b64decode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from training_events.errors import Misused, NotAsRecorded, NotCovered
from training_events.event import Event

from tests.support.evidence import AT, DATA, DATASET, MODEL, RUN, WEIGHTS, Evident, at, evident_log, files_of, problems
from tests.support.trees import MemoryKey


@pytest.fixture(params=["sqlite", "dynamodb"])
def evident(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Evident]:
    with evident_log(request.param, tmp_path) as evident:
        yield evident


def test_the_events_of_the_version_its_run_and_its_datasets_are_in_it_as_recorded(evident: Evident) -> None:
    evidence, written = evident.evidence()
    files = files_of(evidence)
    assert [(it.stream, it.role, it.events) for it in written.facts.streams] == [
        (MODEL, "subject", 4), (RUN, "run", 6), (DATASET, "dataset", 1),
    ]  # fmt: skip
    for stream in (MODEL, RUN, DATASET):
        digests = [recorded.digest for recorded in evident.sources.log.read(stream)]
        lines = files[f"events/{stream}.jsonl"].splitlines()
        assert [f"sha256:{sha256(line).hexdigest()}" for line in lines] == digests
    assert problems(evidence, evident.tree.signer.public_key) == []


def test_the_same_log_and_checkpoint_give_the_same_bytes_but_for_the_signature(evident: Evident) -> None:
    (one, _), (other, _) = evident.evidence(files=True), evident.evidence(files=True)
    first, second = files_of(one), files_of(other)
    assert list(first) == list(second)
    differing = {name for name in first if first[name] != second[name]}
    assert differing <= {"provenance.dsse.json", "evidence.json"}  # ECDSA draws a number for each signature
    assert b64decode(json.loads(first["provenance.dsse.json"])["payload"]) == b64decode(
        json.loads(second["provenance.dsse.json"])["payload"]
    )
    unsigned = {name: digest for name, digest in json.loads(first["evidence.json"])["files"].items() if "dsse" not in name}
    assert unsigned.items() <= json.loads(second["evidence.json"])["files"].items()


def test_what_comes_after_the_checkpoint_changes_nothing_but_its_count(evident: Evident) -> None:
    before, _ = evident.evidence()
    evident.append(Event("late", DATASET, "Tagged", at(40), "tests", {"tags": {"note": "later"}}))
    evident.seal(DATASET)
    after, written = evident.evidence()
    assert [it.later for it in written.facts.streams] == [0, 0, 1]
    changed = {name for name, content in files_of(after).items() if files_of(before).get(name) != content}
    assert changed <= {"provenance.dsse.json", "evidence.json", "index.html"}
    evident.cover("2026-11-22T17:00:00.000000Z")
    covered, written = evident.evidence()
    assert [it.events for it in written.facts.streams] == [4, 6, 2]
    assert problems(covered) == []


def test_files_are_in_it_where_they_are_wanted_and_can_be_fetched(evident: Evident) -> None:
    evidence, written = evident.evidence(files=True)
    files = files_of(evidence)
    for content in (DATA, WEIGHTS):
        assert files[f"files/{sha256(content).hexdigest()}"] == content
    assert written.not_in_it == []
    (evident.folder / "weights.bin").write_bytes(b"other weights")
    evidence, written = evident.evidence(files=True)
    [reason] = written.not_in_it
    assert "is not what was recorded" in reason
    assert f"files/{sha256(WEIGHTS).hexdigest()}" not in files_of(evidence)
    assert problems(evidence) == []


def test_an_artifact_that_is_a_folder_is_in_it_with_its_files(evident: Evident) -> None:
    folder = evident.folder / "checkpoint"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.bin").write_bytes(b"a")
    (folder / "deep" / "b.bin").write_bytes(b"b")
    lines = "".join(f"{sha256(name[-5:-4].encode()).hexdigest()}  {name}\n" for name in ("a.bin", "deep/b.bin"))
    stored = {"uri": folder.as_uri() + "/", "sha256": sha256(lines.encode()).hexdigest(), "in_place": True}
    evident.append(Event("c1", RUN, "CheckpointSaved", at(15), "tests", {"step": 1, **stored}))
    evident.cover("2026-11-22T17:00:00.000000Z")
    evidence, _ = evident.evidence(RUN, files=True)
    assert files_of(evidence)[f"files/{stored['sha256']}/deep/b.bin"] == b"b"
    assert problems(evidence) == []


def test_a_run_that_another_one_resumed_belongs_to_it(evident: Evident) -> None:
    data = {"resumed_from": RUN, "datasets": []}
    evident.append(Event("s2", "run/digits-2", "TrainingStarted", at(41), "tests", data))
    evident.cover("2026-11-22T17:00:00.000000Z")
    _, written = evident.evidence("run/digits-2")
    assert [(it.stream, it.role) for it in written.facts.streams] == [
        ("run/digits-2", "subject"), (RUN, "resumed run"), (DATASET, "dataset"),
    ]  # fmt: skip


def test_a_version_that_no_checkpoint_covers_is_refused(evident: Evident) -> None:
    data = {"version": 4, "run": RUN, "artifact": {"uri": "s3://b/k", "version_id": "v", "sha256": "0" * 64}}
    evident.append(Event("m4", MODEL, "ModelRegistered", at(42), "tests", data))
    with pytest.raises(NotCovered, match=f"no signed checkpoint covers {MODEL}@4 yet: the newest is of {AT}"):
        evident.evidence(f"{MODEL}@4")


@pytest.mark.parametrize(
    ("subject", "message"),
    [
        (MODEL, "name it after an @, such as model/digits@3"),
        (f"{MODEL}@9", "has no version"),
        ("group/g", "the log has no event"),
    ],
)
def test_what_is_no_subject_is_refused_in_one_line(evident: Evident, subject: str, message: str) -> None:
    with pytest.raises(Misused, match=message):
        evident.evidence(subject)


def test_a_log_that_is_not_as_its_tree_has_it_gives_no_evidence(evident: Evident) -> None:
    other = Event("d1", DATASET, "DatasetRegistered", at(0), "tests", {"uri": "s3://b/other", "version_id": "v"})
    [taken] = evident.leaves(DATASET)
    evident.tree.index.contents[evident.tree.index.contents.index(taken.content)] = taken._replace(digest=other.digest).content
    evident.tree.tiles.files.clear()
    evident.tree.checkpoint(AT)
    with pytest.raises(NotAsRecorded, match=f"{DATASET}: the event at .* is not the one of leaf 0 of the log's tree"):
        evident.evidence()


def test_whoever_trusts_an_earlier_key_is_led_to_the_one_that_signed(evident: Evident) -> None:
    first, second, mallory = MemoryKey(1), MemoryKey(2), MemoryKey(3)
    evident.append(Event("t2", MODEL, "Tagged", at(43), "tests", {"tags": {"a": "b"}}))
    evident.cover("2026-11-22T17:00:00.000000Z", next_key=second.public_key)
    evident.append(Event("t3", MODEL, "Tagged", at(44), "tests", {"tags": {"a": "c"}}))
    evident.tree.signer = second
    evident.cover("2026-11-22T18:00:00.000000Z")
    evidence, written = evident.evidence(key=first.public_key)
    assert written.facts.checkpoint.key == sha256(second.public_key).hexdigest()
    for trusted in (None, first.public_key, second.public_key):
        assert problems(evidence, trusted) == []
    assert problems(evidence, mallory.public_key) == ["checkpoint: key.pem is not the key to trust, nor one after it"]


def test_a_stream_of_any_name_has_a_file_of_its_own(evident: Evident) -> None:
    names = ["dataset/a/b", "dataset/a%2Fb", "dataset/..", f"dataset/{'é' * 900}", "dataset/A b", "dataset/\\x"]
    for number, stream in enumerate(names):
        evident.append(Event(f"n{number}", stream, "DatasetRegistered", at(45), "tests", evident.stored("n", b"n")))
    evident.cover("2026-11-22T17:00:00.000000Z")
    files = set()
    for stream in names:
        evidence, written = evident.evidence(stream)
        assert problems(evidence) == []
        files.add(written.facts.streams[0].file)
    assert len(files) == len(names)
