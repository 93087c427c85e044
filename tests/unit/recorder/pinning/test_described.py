"""Datasets that Croissant, DVC or lakeFS describe are recorded by the digests and versions that stand there."""

import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import training_events as te
from training_events.catalogue.run import UsedDataset
from training_events.errors import NotStored
from training_events.recorder.pinning.described.dataset import described
from training_events.recorder.pinning.fetched import pin_dataset
from training_events.recorder.pinning.spec import pinned_dataset

SHA256, OTHER_SHA256 = "ab" * 32, "cd" * 32
MD5 = "0123456789abcdef" * 2
COMMIT = "d162fdf4c3e31e55f41a2b3e52e801e3d1bb7e47c1f2c3bf093c6407ee4efcd4"


def croissant(folder: Path, *distribution: dict[str, Any], **more: Any) -> Path:
    """A description with these files, as the standard's examples write one."""
    document = {
        "@context": {"@vocab": "https://schema.org/", "cr": "http://mlcommons.org/croissant/"},
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": "digits",
        "url": "https://example.com/digits",
        "version": "1.0.0",
        "distribution": list(distribution),
        **more,
    }
    (folder / "croissant.json").write_text(json.dumps(document), encoding="utf-8")
    return folder / "croissant.json"


def file_object(name: str, **more: Any) -> dict[str, Any]:
    return {"@type": "cr:FileObject", "@id": name, "name": name, "contentUrl": f"https://example.com/{name}", **more}


def dvc(folder: Path, text: str, name: str = "digits.npz.dvc") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_the_only_file_of_a_croissant_description_is_the_dataset(tmp_path: Path):
    path = croissant(tmp_path, file_object("digits.csv", sha256=SHA256, contentSize="1797 B"))
    assert described(path) == UsedDataset(
        uri="https://example.com/digits.csv",
        sha256=SHA256,
        bytes=1797,
        name="digits",
        details={"croissant": {"description": path.as_uri(), "version": "1.0.0"}},
    )
    assert described(str(path)) == described(path.as_uri()) == described(path)


def test_an_md5_is_a_digest_with_its_algorithm(tmp_path: Path):
    told = described(croissant(tmp_path, file_object("digits.csv", md5=MD5.upper())))
    assert told is not None
    assert (told.sha256, told.digest) == (None, f"md5:{MD5}")


def test_a_file_beside_the_description_has_its_own_address(tmp_path: Path):
    told = described(croissant(tmp_path, file_object("digits.csv", sha256=SHA256, contentUrl="data/digits.csv")))
    assert told is not None
    assert (told.uri, told.in_place) == ((tmp_path / "data" / "digits.csv").as_uri(), True)


def test_several_files_are_one_dataset_with_a_digest_over_them(tmp_path: Path):
    parts = [file_object("b.csv", sha256=OTHER_SHA256, contentSize="2"), file_object("a.csv", sha256=SHA256, contentSize="1 B")]
    told = described(croissant(tmp_path, *parts))
    lines = f"{SHA256}  a.csv\n{OTHER_SHA256}  b.csv\n"
    assert told is not None
    assert told.digest == f"files:{sha256(lines.encode()).hexdigest()}"
    assert (told.sha256, told.bytes, told.uri) == (None, 3, "https://example.com/digits")
    assert described(croissant(tmp_path, *reversed(parts))) == told


def test_what_is_inside_of_an_archive_needs_no_digest_of_its_own(tmp_path: Path):
    inside = {"@type": "cr:FileSet", "@id": "images", "containedIn": {"@id": "digits.zip"}, "includes": "*.png"}
    told = described(croissant(tmp_path, file_object("digits.zip", sha256=SHA256), inside))
    assert told is not None
    assert told.sha256 == SHA256


NOT_PINNED = {
    "no digest": [file_object("digits.csv")],
    "the address of an issue": [file_object("repo", sha256="https://github.com/mlcommons/croissant/issues/80")],
    "one without": [file_object("a.csv", sha256=SHA256), file_object("b.csv")],
    "a set of files": [{"@type": "cr:FileSet", "@id": "images", "includes": "*.png"}],
    "no file": [],
}


@pytest.mark.parametrize("distribution", NOT_PINNED.values(), ids=NOT_PINNED)
def test_what_croissant_does_not_pin_is_told(distribution: list[dict[str, Any]], tmp_path: Path, caplog: Any):
    told = described(croissant(tmp_path, *distribution))
    assert told is not None
    assert (told.sha256, told.digest, told.name) == (None, None, "digits")
    [warning] = caplog.messages
    assert "croissant.json is not pinned: it has no sha256 and no md5 of" in warning


def test_a_prefix_of_the_vocabulary_and_a_list_of_one_change_nothing(tmp_path: Path):
    plain = described(croissant(tmp_path, file_object("digits.csv", sha256=SHA256)))
    part = {
        "@type": "cr:FileObject",
        "sc:name": "digits.csv",
        "sc:contentUrl": ["https://example.com/digits.csv"],
        "cr:sha256": SHA256,
    }
    standard = ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"]
    assert described(croissant(tmp_path, **{"conformsTo": None, "dct:conformsTo": standard, "distribution": part})) == plain


@pytest.mark.parametrize(
    "content", [b"", b"[1, 2]", b"{", b'{"conformsTo": "mine"}', b'{"a": "mlcommons.org/croissant/"}', b"\xff"]
)
def test_any_other_json_is_a_dataset_itself(content: bytes, tmp_path: Path):
    (tmp_path / "data.json").write_bytes(content)
    assert described(tmp_path / "data.json") is None
    assert pin_dataset(tmp_path / "data.json", {}).sha256 == sha256(content).hexdigest()


def test_a_file_of_dvc_is_the_file_that_it_tracks(tmp_path: Path):
    path = dvc(tmp_path, f"outs:\n- md5: {MD5}\n  size: 42\n  hash: md5\n  path: digits.npz\n")
    assert described(path) == UsedDataset(
        uri=(tmp_path / "digits.npz").as_uri(),
        bytes=42,
        in_place=True,
        name="digits.npz",
        digest=f"md5:{MD5}",
        details={"dvc": {"description": path.as_uri()}},
    )


def test_a_folder_of_dvc_has_the_digest_of_its_list(tmp_path: Path):
    told = described(dvc(tmp_path, f"wdir: ../data\nouts:\n- md5: {MD5}.dir\n  nfiles: 3\n  path: images\n"))
    assert told is not None
    assert (told.digest, told.uri) == (f"md5:{MD5}.dir", (tmp_path.parent / "data" / "images").as_uri() + "/")


def test_several_outputs_of_dvc_are_one_dataset(tmp_path: Path):
    told = described(dvc(tmp_path, f"outs:\n- md5: {MD5}\n  path: b\n- md5: {MD5}.dir\n  path: a\n"))
    lines = f"{MD5}.dir  a\n{MD5}  b\n"
    assert told is not None
    assert told.digest == f"files:{sha256(lines.encode()).hexdigest()}"


def test_an_output_without_a_digest_is_told(tmp_path: Path, caplog: Any):
    told = described(dvc(tmp_path, "outs:\n- path: s3://bucket/digits.npz\n  etag: abc\n"))
    assert told is not None
    assert (told.uri, told.digest, told.in_place) == ("s3://bucket/digits.npz", None, False)
    [warning] = caplog.messages
    assert "is not pinned: it has no md5 of s3://bucket/digits.npz" in warning


@pytest.mark.parametrize("text", ["", "outs: 1", "a: b", "outs:\n- md5: 1\n", "{", "!!python/object:os.system {}", "\x00"])
def test_what_is_no_file_of_dvc_is_told(text: str, tmp_path: Path):
    with pytest.raises(NotStored, match=r"digits\.npz\.dvc is no file of DVC"):
        described(dvc(tmp_path, text))


def test_without_pyyaml_it_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(NotStored, match=r"pip install 'training-events\[dvc\]'"):
        described(dvc(tmp_path, f"outs:\n- md5: {MD5}\n  path: a\n"))


def test_a_commit_of_lakefs_is_the_version(caplog: Any):
    uri = f"lakefs://repo/{COMMIT}/data/digits.npz"
    assert described(uri) == UsedDataset(uri=uri, version_id=COMMIT, digest=f"lakefs:{COMMIT}/data/digits.npz")
    assert caplog.messages == []


@pytest.mark.parametrize("ref", ["main", COMMIT[:12], "v1"])
def test_a_branch_or_a_tag_of_lakefs_pins_nothing(ref: str, caplog: Any):
    uri = f"lakefs://repo/{ref}/data/digits.npz"
    assert described(uri) == UsedDataset(uri=uri)
    [warning] = caplog.messages
    assert f"{uri} is not pinned: {ref} may be another commit tomorrow" in warning


@pytest.mark.parametrize("named", ["sklearn:load_digits", "s3://bucket/a.dvc", "no-such-file.dvc", 7, None, "", "\x00.dvc"])
def test_what_describes_nothing_is_left_to_others(named: Any):
    assert described(named) is None


def test_it_keeps_its_role_in_the_spec(tmp_path: Path):
    path = dvc(tmp_path, f"outs:\n- md5: {MD5}\n  path: digits.npz\n")
    recorded = pinned_dataset(path, "train", lambda dataset: pin_dataset(dataset, {}))
    assert recorded is not None
    assert (recorded["role"], recorded["digest"], recorded["name"]) == ("train", f"md5:{MD5}", "digits.npz")


def test_runs_and_registered_datasets_record_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    script = f"""
import training_events as te
with te.record_run(run_id="a", datasets={{"train": "croissant.json"}}) as run:
    run.use_dataset("digits.npz.dvc", role="test")
    run.use_dataset("lakefs://repo/{COMMIT}/a", role="extra")
te.register_dataset("croissant.json")
te.register_dataset("digits.npz.dvc", name="tracked")
"""
    croissant(tmp_path, file_object("digits.csv", sha256=SHA256))
    dvc(tmp_path, f"outs:\n- md5: {MD5}\n  path: digits.npz\n")
    monkeypatch.chdir(tmp_path)
    environment = {"PATH": "/usr/bin:/bin", "TRAINING_EVENTS_LOG": f"sqlite:///{tmp_path}/log.db"}
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, check=True)
    with te.open_log(f"sqlite:///{tmp_path}/log.db") as log:
        used = {dataset.role: dataset for dataset in log.run("a").lineage.datasets}
        assert (used["train"].sha256, used["test"].digest, used["extra"].version_id) == (SHA256, f"md5:{MD5}", COMMIT)
        [registered] = log.events("dataset/digits")
        assert registered.event.data["sha256"] == SHA256
        [tracked] = log.events("dataset/tracked")
        assert tracked.event.data["digest"] == f"md5:{MD5}"
