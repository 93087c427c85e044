"""The provenance of a model's artifact: what it says, that it follows the rules of its format, and that others verify it."""

import json
import shutil
import subprocess
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from securesystemslib.exceptions import VerificationError
from training_events.canonical import digest
from training_events.errors import Misused, NotAttestable, UnknownStream
from training_events.event import Event
from training_events.proof.attestation import PAYLOAD_TYPE, dsse, provenance, signed_provenance
from training_events.proof.dependencies import to_uri

from tests.support.fakes import InMemoryLog
from tests.support.histories import histories
from tests.support.hostile_texts import HOSTILE, MODEL, STREAMS, hostile_facts
from tests.support.in_toto_rules import broken_rules, is_uri
from tests.support.seals import TamperedLog
from tests.support.signing import KeyInMemory, checked_by_securesystemslib

A, B, C = (letter * 64 for letter in "abc")
COMMIT = "9a76a5d0" * 5
SPEC = {
    "code": {
        "repository": "https://git.example.com/team/digits.git",
        "commit": COMMIT,
        "dirty": True,
        "diff": {"uri": "s3://team/code.patch", "sha256": C},
    },
    "image": {"uri": "registry.example.com/digits:3", "digest": f"sha256:{B}"},
    "entry_point": "train.py",
    "hyperparameters": {"alpha": 0.1, "layers": [64, 10]},
    "seeds": {"numpy": 2**63 + 1},
    "datasets": [{"uri": "s3://team/digits.npz", "sha256": A, "role": "train", "version_id": "v1"}, "data/labels.csv"],
    "packages": {"numpy": "2.4.6"},
    "python": "3.12.3",
}
ARTIFACT = {"uri": "s3://team/model.joblib", "sha256": C}


def fact(second: int, stream: str, type_: str, data: dict[str, Any]) -> Event:
    return Event(f"e-{second}", stream, type_, f"2026-11-22T15:00:{second:02d}.000000Z", "tests", data)


STARTED = fact(0, "run/digits-7", "TrainingStarted", SPEC)
REGISTERED = fact(2, "model/digits", "ModelRegistered", {"version": 3, "run": "digits-7", "artifact": ARTIFACT})
COMPLETED = fact(3, "run/digits-7", "TrainingCompleted", {})


def log_of(*events: Event) -> InMemoryLog:
    log = InMemoryLog()
    for event in events:
        log.append(event)
    return log


def predicate_of(*events: Event) -> dict[str, Any]:
    statement = provenance(log_of(*events), "model/digits", 3)
    assert broken_rules(statement) == []
    predicate: dict[str, Any] = statement["predicate"]
    return predicate


def test_statement_is_about_the_artifact_by_its_digest():
    statement = provenance(log_of(STARTED, REGISTERED), "model/digits", "3")
    assert statement["subject"] == [{"name": "digits@3", "uri": "s3://team/model.joblib", "digest": {"sha256": C}}]


def test_folder_is_named_by_the_digest_of_its_files():
    folder = replace(REGISTERED, data={**REGISTERED.data, "artifact": {"uri": "s3://team/model/", "sha256": C}})
    [subject] = provenance(log_of(STARTED, folder), "model/digits", 3)["subject"]
    assert subject["digest"] == {"dirHash": C}


def test_parameters_are_what_the_run_was_told():
    definition = predicate_of(STARTED, REGISTERED, COMPLETED)["buildDefinition"]
    assert definition["externalParameters"] == {
        "repository": "https://git.example.com/team/digits.git",
        "commit": COMMIT,
        "entryPoint": "train.py",
        "hyperparameters": {"alpha": 0.1, "layers": [64, 10]},
        "seeds": {"numpy": 2**63 + 1},
        "datasets": [{"role": "train", "uri": "s3://team/digits.npz"}, {"uri": "data/labels.csv"}],
    }
    assert definition["internalParameters"] == {"python": "3.12.3", "packages": {"numpy": "2.4.6"}}


def test_dependencies_have_their_digests():
    code, patch, image, dataset = predicate_of(STARTED, REGISTERED)["buildDefinition"]["resolvedDependencies"]
    assert (code["uri"], code["digest"]) == (f"git+https://git.example.com/team/digits.git@{COMMIT}", {"gitCommit": COMMIT})
    assert code["annotations"] == {"dirty": True}
    assert (patch["uri"], patch["digest"]) == ("s3://team/code.patch", {"sha256": C})
    assert (image["uri"], image["digest"]) == (f"docker://registry.example.com/digits:3@sha256:{B}", {"sha256": B})
    assert (dataset["uri"], dataset["digest"]) == ("s3://team/digits.npz", {"sha256": A})
    assert dataset["annotations"] == {"role": "train", "versionId": "v1"}


def test_run_is_the_invocation_with_its_times_and_its_log():
    head = {"events": 1, "position": STARTED.position, "digest": STARTED.digest}
    registered = replace(REGISTERED, data={**REGISTERED.data, "run_head": head})
    details = predicate_of(STARTED, registered, COMPLETED)["runDetails"]
    assert details["metadata"] == {
        "invocationId": "run/digits-7",
        "startedOn": STARTED.occurred_at,
        "finishedOn": COMPLETED.occurred_at,
    }
    [log] = details["byproducts"]
    assert log["digest"] == {"sha256": STARTED.digest.removeprefix("sha256:")}
    assert log["annotations"] == {"events": 1, "position": STARTED.position}


def test_what_the_run_got_after_the_registration_is_not_what_the_artifact_was_made_of():
    later = fact(5, "run/digits-7", "TrainingStarted", {**SPEC, "hyperparameters": {"alpha": 9}, "code": {"commit": "0" * 40}})
    other_end = fact(6, "run/digits-7", "TrainingCompleted", {})
    before = predicate_of(STARTED, REGISTERED)
    assert predicate_of(STARTED, REGISTERED, later, other_end) == before
    tuned = fact(5, "run/digits-7", "HyperparametersRecorded", {"hyperparameters": {"alpha": 9}})
    assert predicate_of(STARTED, REGISTERED, tuned) == before


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ([STARTED], "no registered version '3' of a model 'digits'; versions of it: none"),
        (
            [replace(REGISTERED, data={"version": 4})],
            "no registered version '3' of a model 'digits'; versions of it: 4",
        ),
        ([replace(REGISTERED, data={"version": 3, "run": "digits-7"})], "names no sha256 of its artifact"),
        (
            [replace(REGISTERED, data={"version": 3, "run": "digits-7", "artifact": {**ARTIFACT, "sha256": "md5"}})],
            "names no sha256 of its artifact",
        ),
        ([STARTED, replace(REGISTERED, data={"version": 3, "artifact": ARTIFACT})], "names no run that made it"),
        ([REGISTERED], "no event of 'run/digits-7' when the version was registered"),
        ([REGISTERED, fact(4, "run/digits-7", "TrainingStarted", SPEC)], "no event of 'run/digits-7' when the version was"),
    ],
)
def test_where_nothing_can_be_said_it_is_told_why(events: list[Event], why: str):
    with pytest.raises(NotAttestable, match=why):
        provenance(log_of(*events), "model/digits", 3)


def test_altered_log_is_not_attested():
    log = TamperedLog()
    for event in (STARTED, REGISTERED):
        log.append(event)
    log.overwrite(replace(STARTED, data={**SPEC, "hyperparameters": {"alpha": 9}}), digest=STARTED.digest)
    with pytest.raises(NotAttestable, match="'run/digits-7' is not what was recorded, at '2026-11-22T15:00:00"):
        provenance(log, "model/digits", 3)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (None, "model/<name>"),
        ({"stream": "model/digits"}, "version"),
        ({"stream": "model/digits", "version": 3, "payload": {}}, "payload"),
    ],
)
def test_request_names_a_version_and_nothing_else(asked: Any, why: str):
    with pytest.raises(Misused, match=why):
        signed_provenance(log_of(STARTED, REGISTERED), asked, KeyInMemory())


def test_request_for_what_is_no_stream_is_refused():
    with pytest.raises(UnknownStream):
        signed_provenance(log_of(STARTED, REGISTERED), {"stream": "digits", "version": 3}, KeyInMemory())


# others read it


def test_envelope_is_verified_by_the_library_of_in_toto():
    log, key = log_of(STARTED, REGISTERED, COMPLETED), KeyInMemory()
    envelope = signed_provenance(log, {"stream": "model/digits", "version": 3}, key)
    payload = checked_by_securesystemslib(json.loads(json.dumps(envelope)), key.public_key)
    assert json.loads(payload) == provenance(log, "model/digits", 3)


def test_envelope_that_was_altered_or_signed_by_another_is_refused_by_it():
    key, other = KeyInMemory(), KeyInMemory()
    envelope = dsse(provenance(log_of(STARTED, REGISTERED), "model/digits", 3), key)
    altered = dsse(provenance(log_of(STARTED, REGISTERED, COMPLETED), "model/digits", 3), key)
    for forged in ({**envelope, "payload": altered["payload"]}, {**envelope, "payloadType": "application/json"}):
        with pytest.raises(VerificationError):
            checked_by_securesystemslib(forged, key.public_key)
    with pytest.raises(VerificationError):
        checked_by_securesystemslib(envelope, other.public_key)


@pytest.mark.parametrize("program", [program for program in [shutil.which("openssl")] if program])
def test_envelope_is_verified_by_openssl(tmp_path: Path, program: str):
    key = KeyInMemory()
    envelope = dsse(provenance(log_of(STARTED, REGISTERED), "model/digits", 3), key)
    payload, signature = b64decode(envelope["payload"]), b64decode(envelope["signatures"][0]["sig"])
    signed = f"DSSEv1 {len(PAYLOAD_TYPE)} {PAYLOAD_TYPE} {len(payload)} ".encode() + payload
    for name, content in (("key.pem", key.pem), ("signature", signature), ("signed", signed)):
        (tmp_path / name).write_bytes(content)
    command = [program, "dgst", "-sha256", "-verify", "key.pem", "-signature", "signature", "signed"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, text=True).stdout == "Verified OK\n"


# whatever was recorded


@pytest.mark.parametrize("version", HOSTILE)
def test_hostile_texts_break_no_rule(version: str):
    log = InMemoryLog()
    for number, (stream, type_, data) in enumerate(hostile_facts()):
        artifact = (
            {"artifact": {**data["artifact"], "sha256": A}, "run": STREAMS[number % len(STREAMS)]}
            if type_ == "ModelRegistered"
            else {}
        )
        log.append(
            Event(
                f"e-{number}",
                stream,
                type_,
                f"2026-11-22T15:{number // 60:02d}:{number % 60:02d}.000000Z",
                "tests",
                data | artifact,
            )
        )
    statement = provenance(log, MODEL, version)
    assert broken_rules(statement) == []
    dsse(statement, KeyInMemory())


@given(histories(), st.sampled_from(["1", "2", "3"]), st.sampled_from(["run/a", "run/b"]))
def test_every_history_gives_a_sound_statement_or_none_and_the_same_twice(events: list[Event], version: str, run: str):
    log = log_of(*events)
    log.append(
        Event(
            "registered",
            "model/m",
            "ModelRegistered",
            "2026-11-22T15:00:00.000003Z",
            "tests",
            {"version": version, "run": run, "artifact": ARTIFACT},
        )
    )
    try:
        statement = provenance(log, "model/m", version)
    except NotAttestable:
        return
    assert broken_rules(statement) == []
    assert digest(statement) == digest(provenance(log, "model/m", version))


def test_what_is_no_uri_is_told_from_one():
    assert [is_uri(text) for text in ("s3://b/a%20b", "s3://b/a b", "s3://b/[a]", "data/x.csv")] == [True, False, False, False]


@given(st.one_of(st.text(), st.from_regex(r"[a-z]{1,3}:(//)?[\x20-\x7f]{0,12}", fullmatch=True)))
def test_every_address_is_a_uri_or_none(address: str):
    uri = to_uri(address)
    assert uri is None or is_uri(uri)
    assert uri is None or to_uri(uri) == uri
