"""A file of evidence comes from a stranger: whatever it is, check.py answers, in one line for each thing that is wrong."""

import ast
import io
import json
import shutil
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from training_events.evidence import check
from training_events.evidence.check import Check

from tests.support.evidence import evident_log, files_of, packed, problems

PROGRAM = Path(check.__file__)
DESCRIPTIONS = {"check.py", "index.html", "bom.cdx.json", "ro-crate-metadata.json"}
"""Nobody signed them: without a digest in them there is nothing that they could be held against."""


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bytes]:
    with evident_log("sqlite", tmp_path_factory.mktemp("log")) as evident:
        yield evident.evidence(files=True)[0]


@pytest.fixture(scope="module")
def files(evidence: bytes) -> dict[str, bytes]:
    return files_of(evidence)


def one_line(found: list[str]) -> None:
    assert found
    assert all(problem.isprintable() and len(problem) <= 1000 for problem in found)


def with_entry(files: dict[str, bytes], name: str, content: bytes = b"x", method: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO(packed(files))
    with zipfile.ZipFile(file, "a", method) as archive:
        archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize("name", ["../check.py", "/etc/passwd", "events/../../x", "a\\..\\b", ".."])
def test_a_name_that_leads_out_is_refused(files: dict[str, bytes], name: str) -> None:
    [problem] = problems(with_entry(files, name))
    assert "is no name for a file in it" in problem


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_there_twice_is_refused(files: dict[str, bytes]) -> None:
    [problem] = problems(with_entry(files, "checkpoint"))
    assert problem == "the file: checkpoint is in it more than once"


def test_a_bomb_is_not_unpacked(files: dict[str, bytes]) -> None:
    [problem] = problems(with_entry(files, "files/x", bytes(2**23), zipfile.ZIP_DEFLATED))
    assert problem.startswith("the file: files/x would unpack to 8388608 bytes out of ")
    large = files | {"artifacts.json": b"[" + b"1," * check.MAX_DOCUMENT_BYTES + b"1]"}
    assert "artifacts.json would unpack to" in problems(packed(large))[0]


def test_files_that_lie_over_each_other_are_refused(files: dict[str, bytes]) -> None:
    content = bytearray(packed(files))
    begin = content.index(b"PK\x01\x02")
    end = content.index(b"PK\x05\x06")
    entries = bytearray(content[begin:end])
    struct.pack_into("<I", entries, 20, end)  # the packed size of the first
    struct.pack_into("<I", entries, 24, end)
    [problem] = problems(bytes(content[:begin] + entries + content[end:]))
    assert problem == "the file: the files in it overlap"


def test_a_line_without_an_end_is_not_kept_in_memory(files: dict[str, bytes]) -> None:
    found = problems(packed(files | {"events/run/digits-1.jsonl": b"x" * (check.MAX_LINE_BYTES + 1)}))
    assert any("has a line without an end" in problem for problem in found)


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x05\x06" + bytes(18), b"[" * 100_000, b"9" * 100_000, b"\xff\xfe", b"null", b"[]", b'{"format": "\x1b[2J"}'],
    ids=["empty", "zip", "deep", "long", "no text", "null", "array", "terminal"],
)
def test_any_document_in_any_place_is_answered(files: dict[str, bytes], content: bytes) -> None:
    one_line(problems(content))
    for name in files:
        consistent = packed({**files, name: content}, consistent=name != "evidence.json")
        if name not in DESCRIPTIONS:
            one_line(problems(consistent))


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)
DOCUMENTS = ["evidence.json", "artifacts.json", "proofs.json", "provenance.dsse.json"]


def replaced(document: Any, path: list[int], value: Any) -> Any:
    """The document with one of its values replaced: which one, the numbers say."""
    if not path or not isinstance(document, (dict, list)) or not document:
        return value
    keys = list(document) if isinstance(document, dict) else list(range(len(document)))
    key = keys[path[0] % len(keys)]
    copy = document.copy()
    copy[key] = replaced(document[key], path[1:], value)
    return copy


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(st.sampled_from(DOCUMENTS), st.lists(st.integers(0, 20), min_size=1, max_size=5), values)
def test_any_value_in_any_document_is_answered(files: dict[str, bytes], name: str, path: list[int], value: Any) -> None:
    document = replaced(json.loads(files[name]), path, value)
    text = json.dumps(document)
    if name == "proofs.json" and isinstance(document, dict) and isinstance(document.get("proofs"), list):
        text = '{"proofs":[\n' + ",\n".join(map(json.dumps, document["proofs"])) + "\n]}\n"
    altered = {**files, name: text.encode()}
    found = problems(packed(altered, consistent=name != "evidence.json"))
    assert all(problem.isprintable() for problem in found)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(st.data())
def test_any_altered_byte_is_answered(evidence: bytes, data: st.DataObject) -> None:
    altered = bytearray(evidence)
    for _ in range(data.draw(st.integers(1, 3))):
        altered[data.draw(st.integers(0, len(altered) - 1))] = data.draw(st.integers(0, 255))
    assert all(problem.isprintable() for problem in problems(bytes(altered)))


def test_no_more_problems_are_told_than_somebody_reads(files: dict[str, bytes]) -> None:
    lines = b"".join(b"{}\n" for _ in range(1000))
    assert len(problems(packed(files | {"events/run/digits-1.jsonl": lines}))) == check.MAX_PROBLEMS


def test_the_program_is_written_for_python_3_9() -> None:
    ast.parse(PROGRAM.read_text(encoding="utf-8"), feature_version=(3, 9))


def run(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The program as somebody runs it who has nothing of this package."""
    shutil.copy(PROGRAM, folder / "check.py")
    command = [sys.executable, "-I", "-S", "check.py", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_program_runs_alone(tmp_path: Path, evidence: bytes, files: dict[str, bytes]) -> None:
    (tmp_path / "digits.zip").write_bytes(evidence)
    (tmp_path / "key.pem").write_bytes(files["key.pem"])
    sound = run(tmp_path, "digits.zip", "--key", "key.pem")
    assert (sound.returncode, sound.stderr) == (0, "")
    assert "All is as it was recorded." in sound.stdout
    assert "That an event is true" in sound.stdout
    (tmp_path / "altered.zip").write_bytes(packed(files | {"key.pem": b"x"}))
    broken = run(tmp_path, "altered.zip")
    assert (broken.returncode, broken.stderr) == (1, "")
    assert "It is not as it was recorded." in broken.stdout
    assert "It does not prove" not in broken.stdout


@pytest.mark.parametrize(
    "arguments", [("nothing.zip",), ("check.py", "--key", "nothing.pem"), ("check.py", "--key", "check.py"), (".",), ()]
)
def test_what_is_not_there_or_no_key_is_one_line(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = run(tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


def test_a_key_that_is_none_is_one_line(evidence: bytes) -> None:
    assert Check(io.BytesIO(evidence), b"no key").problems == ["checkpoint: key.pem is not the key to trust, nor one after it"]
