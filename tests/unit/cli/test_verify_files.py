"""A training on a laptop that overwrites its checkpoint: every epoch's is there, and `verify --files` says if one is not."""

from pathlib import Path
from typing import Any

import pytest
from training_events import record_run, register_dataset
from training_events.recorder.storage.files import local_path
from training_events.stores.opening import open_event_log

from tests.support.command_line import parse_document, run_cli
from tests.support.s3 import BUCKET, data_bucket

LOG = "sqlite:///training-events.db"


@pytest.fixture(autouse=True)
def folder(bare_environment: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRAINING_EVENTS_SPOOL", str(tmp_path / "spool"))
    return tmp_path


def train(epochs: int = 3) -> None:
    Path("digits.csv").write_bytes(b"1,2\n")
    register_dataset("digits.csv")
    with record_run(run_id="r", hyperparameters={"many": "x" * 400_000}) as run:
        for epoch in range(epochs):
            Path("model.joblib").write_bytes(b"epoch %d" % epoch)
            run.checkpoint("model.joblib", step=epoch)
            run.artifact("model.joblib", name="model")


def verify(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code, out, _ = run_cli(capsys, "verify", *arguments, "--files", "--json")
    return code, parse_document("verify", out)


def checkpoints() -> list[dict[str, Any]]:
    return [record.event.data for record in open_event_log(LOG).read("run/r") if record.event.type == "CheckpointSaved"]


def test_every_checkpoint_is_there_after_the_next_one_has_overwritten_its_file(capsys):
    train()
    assert [local_path(saved["uri"]).read_bytes() for saved in checkpoints()] == [b"epoch 0", b"epoch 1", b"epoch 2"]
    code, document = verify(capsys, "--all")
    assert (code, document["sound"]) == (0, True)
    dataset, run = document["streams"]
    assert dataset["files"] == {"checked": True, "kept": 1, "not_kept": 0, "elsewhere": 0, "differing": 0}
    patch = int(any("diff" in record.event.data.get("code", {}) for record in open_event_log(LOG).read("run/r")))
    kept = 7 + patch  # three checkpoints, three artifacts, the large field, and what this checkout has changed
    assert run["files"] == {"checked": True, "kept": kept, "not_kept": 0, "elsewhere": 0, "differing": 0}
    assert len([path for path in Path("training-events.db-files").rglob("*") if path.is_file()]) == 5 + patch


@pytest.mark.parametrize("what", ["altered", "missing"])
def test_a_kept_file_that_is_not_what_was_recorded_breaks_its_stream(capsys, what):
    train()
    second = checkpoints()[1]
    kept = local_path(second["uri"])
    kept.unlink()
    if what == "altered":
        kept.write_bytes(b"epoch X")
    code, document = verify(capsys, "run/r")
    [stream] = document["streams"]
    assert (code, stream["sound"], stream["complete"]) == (1, False, True)
    assert [finding["kind"] for finding in stream["findings"]] == [f"file_{what}"] * 2, "the checkpoint and the artifact"
    assert second["uri"] in stream["findings"][0]["explanation"]
    code, _, error = run_cli(capsys, "verify", "--all", "--files")
    assert code == 1
    assert f"run/r is broken: file_{what} at " in error
    assert run_cli(capsys, "verify", "--all")[0] == 0, "without --files no file is looked at"


def test_a_file_that_was_recorded_in_place_and_changed_is_told_and_the_log_is_sound(capsys, monkeypatch):
    monkeypatch.setenv("TRAINING_EVENTS_BUCKET", "none")
    train()
    assert [saved["in_place"] for saved in checkpoints()] == [True] * 3
    assert not Path("training-events.db-files").exists()
    code, document = verify(capsys, "run/r")
    [stream] = document["streams"]
    assert (code, stream["sound"]) == (0, True)
    assert [finding["kind"] for finding in stream["findings"]] == ["file_changed"] * 4, "of two epochs, each saved twice"
    code, out, _ = run_cli(capsys, "verify", "run/r", "--files")
    assert "it was recorded where it was, and not kept" in out


def test_a_log_that_moved_with_its_files_still_verifies(capsys, folder):
    train()
    (folder / "moved").mkdir()
    for path in folder.glob("training-events.db*"):
        path.rename(folder / "moved" / path.name)
    assert run_cli(capsys, "verify", "--all", "--files", "--log", "sqlite:///moved/training-events.db")[0] == 0
    assert run_cli(capsys, "show", "run/r", "--json", "--log", "sqlite:///moved/training-events.db")[0] == 0


@pytest.mark.parametrize("where", ["in S3", "beside the log"])
def test_every_folder_that_a_run_stores_is_there_after_the_next_one_has_overwritten_it(capsys, folder, where):
    bucket = {"TRAINING_EVENTS_BUCKET": BUCKET} if where == "in S3" else {}
    environment: Any = {"TRAINING_EVENTS_SPOOL": str(folder / "spool"), "TRAINING_EVENTS_LOG": LOG, **bucket}
    with data_bucket(**environment), record_run(run_id="r") as run:
        Path("checkpoint").mkdir()
        for epoch in range(3):
            for file in Path("checkpoint").iterdir():
                file.unlink()
            (Path("checkpoint") / f"weights-{epoch}.bin").write_bytes(b"%d" % epoch)
            (Path("checkpoint") / "config.json").write_bytes(b"epoch %d" % epoch)
            run.checkpoint("checkpoint")
            run.artifact("checkpoint", name="model")
        assert run.flush()
        assert len({saved["sha256"] for saved in checkpoints()}) == 3
        code, document = verify(capsys, "run/r")
        assert (code, document["streams"][0]["findings"]) == (0, [])


@pytest.mark.parametrize("bucket", ["file:relative", "s3://bucket"])
def test_a_place_that_is_none_becomes_one_warning_and_the_run_goes_on(capsys, monkeypatch, caplog, bucket):
    monkeypatch.setenv("TRAINING_EVENTS_BUCKET", bucket)
    with record_run(run_id="r") as run:
        Path("model.joblib").write_bytes(b"model")
        assert run.checkpoint("model.joblib") is None
    assert (
        f"{bucket!r} is no bucket; allowed: the name of a bucket, file:///<absolute path of a folder>, or none" in caplog.text
    )
    assert checkpoints() == []
    assert run_cli(capsys, "verify", "run/r")[0] == 0
