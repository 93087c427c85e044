"""Whatever somebody alters in a file of evidence is found, and named: also if evidence.json is made to agree with it."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from training_events.evidence.check import key_of
from training_events.proof.attestation import dsse
from training_events.proof.tree.keys import public_pem
from training_events.proof.tree.log_checkpoint import read_log_checkpoint
from training_events.proof.tree.note import read_note, signed_note

from tests.support.evidence import evident_log, files_of, packed, problems
from tests.support.trees import MemoryKey

Files = dict[str, bytes]
DATASET, RUN, MODEL = (f"events/{name}.jsonl" for name in ("dataset/digits", "run/digits-1", "model/digits"))
SEAL, PROVENANCE = "seals/run/digits-1/000001.jsonl", "provenance.dsse.json"
MALLORY = MemoryKey(2)
MALLORY_NAME = sha256(MALLORY.public_key).hexdigest().encode()


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bytes]:
    with evident_log("sqlite", tmp_path_factory.mktemp("log")) as evident:
        evident.seal("model/digits")  # a second seal
        yield evident.evidence(files=True)[0]


@pytest.fixture
def files(evidence: bytes) -> Files:
    return files_of(evidence)


def line(file: str, number: int, change: Callable[[bytes], bytes]) -> Callable[[Files], None]:
    def alter(files: Files) -> None:
        lines = files[file].splitlines(keepends=True)
        lines[number - 1] = change(lines[number - 1])
        files[file] = b"".join(lines)

    return alter


def document(name: str, change: Callable[[Any], object]) -> Callable[[Files], None]:
    def alter(files: Files) -> None:
        value = json.loads(files[name])
        change(value)
        files[name] = json.dumps(value).encode()

    return alter


def manifest(change: Callable[[Any], object]) -> Callable[[Files], None]:
    return document("evidence.json", change)


def artifacts(change: Callable[[Any], object]) -> Callable[[Files], None]:
    return document("artifacts.json", lambda it: change(it["artifacts"]))


def another_digest(name: str) -> Callable[[Files], None]:
    return lambda files: files.update({name: files[name] + b"0" * 64})


def proof(number: int, change: Callable[[Any], object]) -> Callable[[Files], None]:
    """Change what proofs.json has of the event with this number in it, from 1."""

    def altered(text: bytes) -> bytes:
        value = json.loads(text.rstrip(b",\n"))
        change(value)
        end = text[len(text.rstrip(b",\n")) :]
        return json.dumps(value, separators=(",", ":")).encode() + end

    return line("proofs.json", number + 1, altered)


def without(file: str, number: int) -> Callable[[Files], None]:
    """Leave an event out with its proof, and correct the counts."""

    def alter(files: Files) -> None:
        manifest = json.loads(files["evidence.json"])
        before = 0
        for about in manifest["streams"]:
            if about["file"] == file:
                about["events"] -= 1
                break
            before += about["events"]
        line(file, number, lambda _: b"")(files)
        line("proofs.json", before + number + 1, lambda _: b"")(files)
        files["evidence.json"] = json.dumps(manifest).encode()

    return alter


def by_mallory(files: Files) -> None:
    """The whole file again, with a key of her own."""
    files["checkpoint"] = signed_note(read_note(files["checkpoint"]).text, MALLORY)
    files["key.pem"] = public_pem(MALLORY.public_key)
    files[PROVENANCE] = json.dumps(dsse(statement(files), MALLORY)).encode()
    key = json.loads(files["evidence.json"])["checkpoint"]["key"].encode()
    for name in ("evidence.json", "index.html"):
        files[name] = files[name].replace(key, MALLORY_NAME)


def statement(files: Files) -> Any:
    return json.loads(b64decode(json.loads(files[PROVENANCE])["payload"]))


def in_payload(envelope: Any) -> None:
    envelope["payload"] = b64encode(b64decode(envelope["payload"]).replace(b"digits", b"Digits")).decode()


def signed_by_another(files: Files) -> None:
    files[PROVENANCE] = json.dumps(dsse(statement(files), MALLORY)).encode()


def another_weight(files: Files) -> None:
    [name] = [name for name in files if name.startswith("files/") and files[name] == b"weights"]
    files[name] = b"Weights"


def exchanged(files: Files) -> None:
    """Two events of one stream, with their proofs."""
    for name, first in ((RUN, 2), ("proofs.json", 4 + 2 + 1)):
        lines = files[name].splitlines(keepends=True)
        lines[first - 1], lines[first] = lines[first], lines[first - 1]
        files[name] = b"".join(lines)


def more_of_the_log(files: Files) -> None:
    """A checkpoint that says another size."""
    checkpoint = read_log_checkpoint(read_note(files["checkpoint"]).text)
    text = read_note(files["checkpoint"]).text.replace(f"\n{checkpoint.size}\n", f"\n{checkpoint.size + 1}\n")
    files["checkpoint"] = files["checkpoint"].replace(read_note(files["checkpoint"]).text.encode(), text.encode())


ALTERED: dict[str, tuple[Callable[[Files], None], str]] = {
    "a value in an event": (line(RUN, 3, lambda text: text.replace(b'"value":0.5', b'"value":0.4')), f"{RUN}, line 3"),
    "a blank in an event": (line(RUN, 3, lambda text: text.replace(b'"value":', b'"value": ')), f"{RUN}, line 3"),
    "the end of an event's line": (line(DATASET, 1, lambda text: text.rstrip(b"\n")), DATASET),
    "an event that is none": (line(RUN, 2, lambda _: b"{}\n"), f"{RUN}, line 2"),
    "an event and its digest": (line(RUN, 3, lambda text: text.replace(b"loss", b"Loss")), f"{RUN}, line 3"),
    "the time of recording": (proof(5, lambda it: it["leaf"].__setitem__(3, "2026-11-22T15:00:00.000000Z")), "line 1"),
    "the account": (proof(5, lambda it: it["leaf"].__setitem__(4, "123456789012")), f"{RUN}, line 1"),
    "the place in the tree": (proof(5, lambda it: it.update(index=it["index"] + 1)), f"{RUN}, line 1"),
    "a hash of a proof": (proof(5, lambda it: it["proof"].__setitem__(0, "00" * 32)), f"{RUN}, line 1"),
    "the end of a proof": (proof(5, lambda it: it["proof"].pop()), f"{RUN}, line 1"),
    "one event in the place of another": (line(RUN, 2, lambda _: b""), f"{RUN}, line 2"),
    "two events exchanged": (exchanged, f"{RUN}, line 3"),
    "an event that is there twice": (line(RUN, 2, lambda text: text + text), f"{RUN}, line 3"),
    "an event left out, of a chain": (without(RUN, 3), "run/digits-1: the event before number 4 of producer p"),
    "the last event of a run left out": (without(RUN, 6), "run/digits-1: the event that version 3 pinned"),
    "an event left out, without a producer": (without(DATASET, 1), "seals/dataset/digits/000001.jsonl"),
    "the number of events": (manifest(lambda it: it["streams"][1].update(events=5)), RUN),
    "a whole stream left out": (manifest(lambda it: it["streams"].pop()), "proofs.json"),
    "a proof more": (line("proofs.json", 2, lambda text: text + text), f"{MODEL}, line 2"),
    "the size of the checkpoint": (more_of_the_log, "checkpoint: key.pem did not sign it"),
    "the checkpoint's signature": (line("checkpoint", 6, lambda text: text.replace(b"A", b"B")), "checkpoint"),
    "another key": (lambda files: files.__setitem__("key.pem", public_pem(MALLORY.public_key)), "checkpoint: key.pem did not"),
    "what is said of the checkpoint": (manifest(lambda it: it["checkpoint"].update(size=7)), "evidence.json"),
    "a digest in a seal": (line(SEAL, 2, lambda text: text.replace(b"sha256:", b"sha256:f")), SEAL),
    "the root of a seal": (line(SEAL, 1, lambda text: text.replace(b'"root":"sha256:', b'"root":"sha256:0')), SEAL),
    "the time of a seal's event": (line(SEAL, 2, lambda text: text.replace(b"-11-", b"-10-")), SEAL),
    "the first of two seals left out": (manifest(lambda it: it["streams"][0]["seals"].pop(0)), "seals/model/digits"),
    "a digest in artifacts.json": (artifacts(lambda it: it[0].update(sha256="0" * 64)), "artifacts"),
    "an artifact left out": (artifacts(lambda it: it.pop()), "artifacts"),
    "who names an artifact": (artifacts(lambda it: it[0]["named_by"].pop()), "artifacts"),
    "a file": (another_weight, "files/"),
    "the statement of provenance": (document(PROVENANCE, in_payload), "provenance: key.pem did not sign it"),
    "the signature of the provenance": (signed_by_another, "provenance: key.pem did not sign it"),
    "a digest in the bill of materials": (another_digest("bom.cdx.json"), "bom.cdx.json"),
    "a digest on the page": (another_digest("index.html"), "index.html"),
    "a digest in the crate": (another_digest("ro-crate-metadata.json"), "ro-crate"),
    "what is not proved": (manifest(lambda it: it["not_proved"].pop()), "evidence.json"),
    "the subject": (manifest(lambda it: it.update(subject="model/digits@4")), "evidence.json: no event"),
    "the format": (manifest(lambda it: it.update(format="training-events/evidence/2")), "evidence.json"),
}  # fmt: skip


@pytest.mark.parametrize("what", ALTERED)
def test_what_is_altered_is_found_and_named(files: Files, what: str) -> None:
    alter, named = ALTERED[what]
    before = dict(files)
    alter(files)
    assert files != before
    assert any(named in problem for problem in problems(packed(files))), problems(packed(files))


def test_the_file_is_sound_as_it_was_made_and_packed_again(evidence: bytes, files: Files) -> None:
    assert problems(evidence) == problems(packed(files)) == []


def test_each_file_is_named_that_is_another_one_gone_or_added(files: Files) -> None:
    for name in set(files) - {"evidence.json"}:
        for altered in (files | {name: files[name] + b"\n"}, {other: files[other] for other in files if other != name}):
            assert any(name in problem for problem in problems(packed(altered, consistent=False))), name
    [problem] = problems(packed(files | {"notes.txt": b"look here"}, consistent=False))
    assert problem.startswith("notes.txt: ")


def test_a_file_made_again_with_another_key_is_found_with_the_key_to_trust(files: Files) -> None:
    key = key_of(files["key.pem"])
    by_mallory(files)
    assert problems(packed(files)) == []  # nothing tells but the key: not_proved says so
    assert problems(packed(files), key) == ["checkpoint: key.pem is not the key to trust, nor one after it"]


def test_an_event_that_nothing_counts_can_be_left_out_as_not_proved_says(files: Files) -> None:
    left_out = sha256(files[MODEL].splitlines()[3]).hexdigest().encode()
    without(MODEL, 4)(files)  # no producer numbered it, and no seal covers it
    files["index.html"] = files["index.html"].replace(left_out, b"nothing")
    found = problems(packed(files))
    assert found == ["seals/model/digits/000002.jsonl: " + found[0].split(": ", 1)[1]]
    manifest(lambda it: it["streams"][0]["seals"].pop())(files)
    del files["seals/model/digits/000002.jsonl"]
    assert problems(packed(files)) == []


def test_check_py_itself_is_short_enough_to_read() -> None:
    from training_events.evidence import check  # noqa: PLC0415

    assert len(Path(check.__file__).read_text(encoding="utf-8").splitlines()) <= 300
