"""What a training job reads is copied, version by version, to keys that say the content."""

import json
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest
from training_events.catalogue.stored import Stored, digest_of_files
from training_events.errors import NotStored
from training_events.training.sagemaker import pinned_inputs
from training_events.training.sagemaker.pinned_inputs import JobRequest, folder_source, pinned_source, store_inputs

from tests.support.s3 import BUCKET, data_bucket

KEY = "datasets/día 1/digits.npz"
URI = f"s3://{BUCKET}/{KEY}"


@pytest.fixture
def s3() -> Iterator[Any]:
    with data_bucket() as client:
        yield client


def put(s3: Any, content: bytes, key: str = KEY) -> Stored:
    version = s3.put_object(Bucket=BUCKET, Key=key, Body=content)["VersionId"]
    return Stored(f"s3://{BUCKET}/{key}", version, sha256(content).hexdigest(), len(content))


def job_of(**files: Stored) -> JobRequest:
    pinned = pinned_source({name.replace("_", "."): stored for name, stored in files.items()}, BUCKET, ("S3Uri",))
    return JobRequest(pinned.source, BUCKET, pinned.copies, [pinned.manifest])


def read_as_sagemaker(s3: Any, job: JobRequest) -> dict[str, bytes]:
    """The files of the channel's folder, as SageMaker finds them by the manifest."""
    bucket, _, key = job.request["S3Uri"].removeprefix("s3://").partition("/")
    first, *names = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    bucket, _, prefix = first["prefix"].removeprefix("s3://").partition("/")
    return {name: s3.get_object(Bucket=bucket, Key=prefix + name)["Body"].read() for name in names}


def versions(s3: Any) -> int:
    return len(s3.list_object_versions(Bucket=BUCKET, Prefix="pinned/")["Versions"])


def test_a_channel_has_the_pinned_version_whatever_the_key_has_now(s3: Any) -> None:
    old = put(s3, b"old")
    put(s3, b"new")
    other = put(s3, b"other", "datasets/other.npz")
    job = job_of(digits_npz=old, other_npz=other)
    store_inputs(job, s3)
    assert read_as_sagemaker(s3, job) == {"digits.npz": b"old", "other.npz": b"other"}


def test_a_version_without_a_digest_is_held_by_its_id(s3: Any) -> None:
    old = put(s3, b"old")
    put(s3, b"new")
    job = job_of(digits_npz=Stored(old.uri, old.version_id))
    store_inputs(job, s3)
    assert read_as_sagemaker(s3, job) == {"digits.npz": b"old"}


def test_to_store_them_again_stores_nothing(s3: Any) -> None:
    job = job_of(digits_npz=put(s3, b"old"))
    told: list[str] = []
    store_inputs(job, s3, told.append)
    store_inputs(job, s3)
    assert versions(s3) == 2
    assert told == [URI, job.request["S3Uri"]]


def test_other_content_under_a_copys_key_is_replaced(s3: Any) -> None:
    job = job_of(digits_npz=put(s3, b"old"))
    for key in (job.copies[0].key, job.manifests[0].key):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"planted", ChecksumAlgorithm="SHA256")
    store_inputs(job, s3)
    assert read_as_sagemaker(s3, job) == {"digits.npz": b"old"}


def test_content_that_is_not_what_was_pinned_is_refused_each_time(s3: Any) -> None:
    put(s3, b"new")
    pinned = Stored(URI, None, sha256(b"old").hexdigest())
    for _ in range(2):
        with pytest.raises(NotStored, match="is not what was pinned: its sha256 is "):
            store_inputs(job_of(digits_npz=pinned), s3)


@pytest.mark.parametrize("version", ["0" * 32, "no version"])
def test_a_version_that_is_gone_is_one_line(s3: Any, version: str) -> None:
    put(s3, b"new")
    with pytest.raises(NotStored, match="cannot be copied: it is not there"):
        store_inputs(job_of(digits_npz=Stored(URI, version)), s3)


def test_a_deleted_object_is_one_line(s3: Any) -> None:
    put(s3, b"new")
    s3.delete_object(Bucket=BUCKET, Key=KEY)
    with pytest.raises(NotStored, match="cannot be copied: it is not there"):
        store_inputs(job_of(digits_npz=Stored(URI, None, sha256(b"new").hexdigest())), s3)


def test_a_large_object_is_copied_in_parts(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pinned_inputs, "MAX_COPY_BYTES", 5 * 2**20)
    content = bytes(range(256)) * 4096 * 11
    job = job_of(digits_npz=put(s3, content))
    store_inputs(job, s3)
    assert read_as_sagemaker(s3, job) == {"digits.npz": content}
    store_inputs(job, s3)
    assert versions(s3) == 2


def test_a_large_object_is_copied_although_another_was_pinned_with_its_digest(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pinned_inputs, "MAX_COPY_BYTES", 5 * 2**20)
    content = bytes(range(256)) * 4096 * 6
    own = put(s3, content)
    other = put(s3, content[::-1], "datasets/other/digits.npz")
    store_inputs(job_of(digits_npz=Stored(other.uri, other.version_id, own.sha256)), s3)
    job = job_of(digits_npz=own)
    store_inputs(job, s3)
    assert read_as_sagemaker(s3, job) == {"digits.npz": content}


def test_a_copy_has_s3s_own_digest_of_it(s3: Any) -> None:
    job = job_of(digits_npz=put(s3, b"old"))
    store_inputs(job, s3)
    head = s3.head_object(Bucket=BUCKET, Key=job.copies[0].key, ChecksumMode="ENABLED")
    assert head["ChecksumSHA256"] == b64encode(sha256(b"old").digest()).decode()


def folder_of(s3: Any, **files: bytes) -> JobRequest:
    for name, content in files.items():
        put(s3, content, f"images/{name.replace('_', '/')}")
    digest = digest_of_files((name.replace("_", "/"), sha256(content).hexdigest()) for name, content in files.items())
    source, copied = folder_source(Stored(f"s3://{BUCKET}/images/", None, digest), BUCKET, ("S3Uri",))
    return JobRequest(source, BUCKET, [copied])


def test_a_folder_is_copied_once_with_the_files_that_make_its_digest(s3: Any) -> None:
    job = folder_of(s3, a=b"1", b_c=b"2")
    s3.put_object(Bucket=BUCKET, Key="images/b/", Body=b"")
    store_inputs(job, s3)
    put(s3, b"new", "images/a")
    store_inputs(job, s3)
    prefix = job.copies[0].key
    assert {name: s3.get_object(Bucket=BUCKET, Key=prefix + name)["Body"].read() for name in ("a", "b/c")} == {
        "a": b"1",
        "b/c": b"2",
    }
    assert versions(s3) == 2


@pytest.mark.parametrize("key", ["images/d", "images/a"])
def test_a_folder_that_changed_before_it_was_copied_is_refused(s3: Any, key: str) -> None:
    job = folder_of(s3, a=b"1", b_c=b"2")
    put(s3, b"new", key)
    with pytest.raises(NotStored, match="is not what was pinned: the sha256 of its files is"):
        store_inputs(job, s3)


def test_a_folder_whose_digests_s3_knows_is_not_copied_where_it_is_another(s3: Any) -> None:
    job = folder_of(s3, a=b"1")
    for name in ("a", "extra"):
        s3.put_object(Bucket=BUCKET, Key=f"images/{name}", Body=b"1", ChecksumAlgorithm="SHA256")
    with pytest.raises(NotStored, match="is not what was pinned"):
        store_inputs(job, s3)
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET, Prefix="pinned/")
