"""`training-events evidence` and `verify --evidence`, as a person calls them."""

import os
import sqlite3
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from training_events.proof.tree.keys import LaptopKey, public_pem
from training_events.recorder.registering import register_model
from training_events.recorder.run import record_run

from tests.support.command_line import parse_document, run_cli
from tests.support.evidence import files_of, packed, problems
from tests.support.trees import MemoryKey

Capsys = pytest.CaptureFixture[str]
SUBJECT = "model/digits@3"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a laptop's log, in which a run and a model of it are recorded."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRAINING_EVENTS_LOG", f"sqlite:///{tmp_path}/log.db")
    monkeypatch.setenv("TRAINING_EVENTS_CHECKPOINT_KEY", str(tmp_path / "key.pem"))
    (tmp_path / "weights.bin").write_bytes(b"weights")
    with record_run(model="digits", run_id="digits-7", hyperparameters={"C": 1.0}) as run:
        run.metric("loss", 0.5, step=1)
        artifact = run.artifact("weights.bin")
    register_model("digits", version=3, run="digits-7", artifact=artifact)
    return tmp_path


def called(capsys: Capsys, *arguments: str) -> tuple[int, str, str]:
    return run_cli(capsys, *arguments)


def test_it_writes_a_file_that_proves_what_the_log_holds(capsys: Capsys, folder: Path) -> None:
    code, out, err = called(capsys, "evidence", SUBJECT, "--with-files", "-o", "e.zip")
    assert (code, err) == (0, "")
    assert out.startswith("e.zip (")
    evidence = (folder / "e.zip").read_bytes()
    key = LaptopKey("any", folder / "key.pem").public_key
    assert problems(evidence, key) == []
    assert files_of(evidence)["key.pem"] == public_pem(key)
    assert [name for name in files_of(evidence) if name.startswith("files/")]
    code, out, _ = called(capsys, "verify", "--evidence", "e.zip")
    assert code == 0
    assert f"subject     '{SUBJECT}'" in out  # the file's name says nothing


def test_json_says_what_is_in_it(capsys: Capsys, folder: Path) -> None:
    code, out, _ = called(capsys, "evidence", SUBJECT, "--json")
    document = parse_document("evidence", out)
    assert (code, document["path"], document["subject"]) == (0, "digits@3.zip", SUBJECT)
    assert document["bytes"] == (folder / "digits@3.zip").stat().st_size
    assert [(it["stream"], it["role"]) for it in document["streams"]] == [("model/digits", "subject"), ("run/digits-7", "run")]
    assert (document["provenance"], document["not_in_it"]) == (True, [])


def test_verify_says_what_check_py_says(capsys: Capsys, folder: Path) -> None:
    called(capsys, "evidence", SUBJECT, "-o", "e.zip")
    files = files_of((folder / "e.zip").read_bytes())
    files["events/run/digits-7.jsonl"] = files["events/run/digits-7.jsonl"].replace(b'"loss"', b'"Loss"')
    (folder / "altered.zip").write_bytes(packed(files))
    code, out, err = called(capsys, "verify", "--evidence", "altered.zip")
    named = "events/run/digits-7.jsonl, line 2: the event is not the one of its leaf in proofs.json"
    assert (code, err) == (1, f"training-events: altered.zip is not as it was recorded: {named}\n")
    assert named in out
    assert "That an event is true" in out
    code, out, _ = called(capsys, "verify", "--evidence", "altered.zip", "--json")
    document = parse_document("verify", out)
    assert (code, document["sound"], document["evidence"]["key_given"]) == (1, False, True)
    assert document["evidence"]["problems"] == problems((folder / "altered.zip").read_bytes())
    sound = parse_document("verify", called(capsys, "verify", "--evidence", "e.zip", "--json")[1])
    assert (sound["sound"], sound["evidence"]["problems"]) == (True, [])


def test_a_file_of_another_log_is_not_trusted(capsys: Capsys, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called(capsys, "evidence", SUBJECT, "-o", "e.zip")
    (folder / "other.pem").write_bytes(public_pem(MemoryKey(2).public_key))
    monkeypatch.setenv("TRAINING_EVENTS_CHECKPOINT_KEY", str(folder / "other.pem"))
    code, _, err = called(capsys, "verify", "--evidence", "e.zip")
    assert code == 1
    assert err.endswith("checkpoint: key.pem is not the key to trust, nor one after it\n")


def test_a_log_that_was_altered_gives_no_file(capsys: Capsys, folder: Path) -> None:
    assert called(capsys, "evidence", SUBJECT, "-o", "e.zip")[0] == 0
    before = (folder / "e.zip").read_bytes()
    with closing(sqlite3.connect(folder / "log.db")) as other, other:
        other.execute("DELETE FROM events WHERE type = 'MetricsRecorded'")
    code, _, err = called(capsys, "evidence", SUBJECT, "-o", "e.zip")
    assert code == 1
    assert "the log lacks 1 events of run/digits-7, which its tree has" in err
    assert (folder / "e.zip").read_bytes() == before
    assert problems(before) == []
    assert sorted(path.name for path in folder.glob("*evidence*")) == []


@pytest.mark.parametrize("command", [["evidence", SUBJECT], ["report", "run/digits-7"], ["checkpoint"]])
def test_a_pipe_gets_the_content_and_stays(capsys: Capsys, folder: Path, command: list[str]) -> None:
    """As does a device: whoever is root could otherwise put a file in the place of /dev/null."""
    os.mkfifo(folder / "pipe")
    with ThreadPoolExecutor(1) as others:
        holder = os.open(folder / "pipe", os.O_RDWR)  # so that the reader's end comes, whoever writes
        content = others.submit((folder / "pipe").read_bytes)
        code, out, err = called(capsys, *command, "-o", "pipe")
        os.close(holder)
    assert (code, err) == (0, "")
    assert (folder / "pipe").is_fifo()
    assert content.result()
    assert "0 B" not in out
    if command[0] == "evidence":
        assert problems(content.result()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evidence", "model/digits@4"], "model/digits has no version '4'"),
        (["evidence", "group/g"], "the log has no event of group/g"),
        (["evidence", "digits"], "did you mean `model/digits`"),
        (["evidence", SUBJECT, "-o", "no/e.zip"], "there is no folder"),
        (["evidence", SUBJECT, "-o", "-"], "-o - is no file; allowed: the name of one, or /dev/stdout"),
        (["verify", "--evidence", "no.zip"], "'no.zip' cannot be read: No such file or directory"),
        (["verify", "--evidence", "."], "'.' cannot be read: Is a directory"),
        (["verify", "--evidence", "e.zip", "--all"], "--evidence checks a file"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("folder")
def test_a_mistake_is_one_line(capsys: Capsys, arguments: list[str], message: str) -> None:
    code, out, err = called(capsys, *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1


def test_what_is_no_file_of_evidence_is_one_line(capsys: Capsys, folder: Path) -> None:
    called(capsys, "evidence", SUBJECT)  # makes the key
    (folder / "e.zip").write_bytes(b"no zip")
    code, _, err = called(capsys, "verify", "--evidence", "e.zip")
    assert (code, len(err.splitlines())) == (1, 1)
    with zipfile.ZipFile(folder / "e.zip", "w") as archive:
        archive.writestr("\x1b[2J", b"x")
    assert "\x1b" not in "".join(called(capsys, "verify", "--evidence", "e.zip")[1:])
