"""Where an event names files, and what it means for a stream that one of them is not what it was."""

import pytest
from training_events.catalogue.stored import Stored
from training_events.event import Event
from training_events.proof.files import Compared, FileState, stored_files
from training_events.proof.findings import Kind
from training_events.proof.verification import verify

from tests.support.fakes import InMemoryLog

DIGEST = "0" * 64
KEPT = {"uri": f"file:///log.db-files/00/{DIGEST}", "sha256": DIGEST, "bytes": 7}
VERSIONED = {"uri": "s3://b/k", "version_id": "v", "sha256": DIGEST, "bytes": 7}
IN_PLACE = {"uri": "file:///model.bin", "sha256": DIGEST, "bytes": 7, "in_place": True}
BY_0_1_0 = {"uri": "file:///model.bin", "sha256": DIGEST, "bytes": 7}
FOLDER_IN_S3 = {"uri": "s3://b/k/", "sha256": DIGEST, "bytes": 7}


def log_with(*data):
    log = InMemoryLog()
    for number, each in enumerate(data):
        log.append(Event(f"e-{number}", "run/r", "CheckpointSaved", f"2026-11-22T15:08:39.{number:06d}Z", "tests", each))
    return log


@pytest.mark.parametrize("data", [
    KEPT,
    {"artifact": KEPT},
    {"datasets": [KEPT]},
    {"hyperparameters": KEPT, "points": []},
    {"a": {"b": [[{"c": KEPT}]]}},
])  # fmt: skip
def test_a_file_is_found_wherever_the_data_names_it(data):
    assert list(stored_files(data)) == [Stored(f"file:///log.db-files/00/{DIGEST}", None, DIGEST, 7)]


@pytest.mark.parametrize("data", [
    {},
    {"uri": "s3://b/k"},
    {"uri": 7, "sha256": DIGEST},
    {"uri": "s3://b/k", "sha256": "unknown"},
    {"uri": "s3://b/k", "sha256": None},
])  # fmt: skip
def test_what_has_no_digest_is_no_file_to_compare(data):
    assert list(stored_files(data)) == []


@pytest.mark.parametrize("data", [KEPT, VERSIONED])
@pytest.mark.parametrize(("state", "kind"), [
    (FileState.ALTERED, Kind.FILE_ALTERED),
    (FileState.MISSING, Kind.FILE_MISSING),
    (FileState.UNREADABLE, Kind.FILE_UNREADABLE),
])  # fmt: skip
def test_a_kept_file_that_is_not_there_as_it_was_breaks_its_stream(data, state, kind):
    verification = verify(log_with({}, data), None, "run/r", lambda _: Compared(state, "why"))
    [finding] = verification.findings
    assert not verification.sound
    assert (finding.kind, finding.position) == (kind, "2026-11-22T15:08:39.000001Z#e-1")
    assert data["uri"] in finding.explanation
    assert (verification.files.kept, verification.files.differing) == (1, 1)


@pytest.mark.parametrize("data", [IN_PLACE, BY_0_1_0, FOLDER_IN_S3])
@pytest.mark.parametrize("state", [FileState.ALTERED, FileState.MISSING, FileState.UNREADABLE])
def test_a_file_that_was_never_kept_is_told_and_breaks_nothing(data, state):
    verification = verify(log_with(data), None, "run/r", lambda _: Compared(state, "why"))
    assert [finding.kind for finding in verification.findings] == [Kind.FILE_CHANGED]
    assert (verification.sound, verification.complete, verification.findings_total) == (True, True, 1)
    assert (verification.files.not_kept, verification.files.differing) == (1, 1)


def test_files_that_are_as_they_were_are_counted_and_others_are_not_looked_at():
    log = log_with(KEPT, IN_PLACE, {"uri": "https://example.org/x", "sha256": DIGEST})
    elsewhere = verify(
        log, None, "run/r", lambda file: Compared(FileState.ELSEWHERE if str(file.uri).startswith("http") else FileState.SAME)
    )
    assert (elsewhere.sound, elsewhere.findings) == (True, [])
    counts = elsewhere.files
    assert (counts.checked, counts.kept, counts.not_kept, counts.elsewhere, counts.differing) == (True, 1, 1, 1, 0)
    assert not verify(log, None, "run/r").files.checked
