"""`python -m security.audit`: what it says, and with which exit code."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from security.audit import __main__ as audit
from security.audit.locks import Lock, Package
from security.audit.part import Part
from security.errors import MisuseError
from tests.support.paths import ROOT

Check = Callable[[Sequence[Lock], Path], Part]
Says = Callable[..., None]


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Says:
    """What the parts say of every lock, and of all of them."""

    def part(of_lock: str, complaints: Sequence[str]) -> Check:
        return lambda locks, _root: Part(dict.fromkeys((lock.file for lock in locks), of_lock), complaints)

    def set_(vulnerabilities: Sequence[str] = (), licences: Sequence[str] = ()) -> None:
        monkeypatch.setitem(audit._PARTS, "vulnerabilities", part("none known", vulnerabilities))
        monkeypatch.setitem(audit._PARTS, "licences", part("MIT 1", licences))

    return set_


def test_each_lock_is_a_row_and_nothing_found_is_success(says: Says, capsys: pytest.CaptureFixture[str]) -> None:
    says()
    assert audit.main([], root=ROOT) == 0
    said = capsys.readouterr()
    head, _, *rows = [line.split() for line in said.out.splitlines() if line.strip()]
    assert head == ["lock", "packages", "vulnerabilities", "licences"]
    assert rows[1] == ["lambda/requirements.txt", "4", "none", "known", "MIT", "1"]
    assert len(rows) == 8
    assert "packages in 8 locks" in said.err
    assert said.err.endswith("nothing found\n")


def test_what_is_found_is_a_line_each_and_failure(says: Says, capsys: pytest.CaptureFixture[str]) -> None:
    says(vulnerabilities=["a: not checked: " + "x" * 200], licences=["b: is forbidden"])
    assert audit.main([], root=ROOT) == 1
    said = capsys.readouterr()
    assert said.out.splitlines()[-2:] == ["a: not checked: " + "x" * 200, "b: is forbidden"]
    assert said.err.endswith("2 to look at\n")


@pytest.mark.parametrize(("part", "code"), [("licences", 0), ("vulnerabilities", 1)])
def test_one_part_can_be_asked_for(says: Says, part: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    says(vulnerabilities=["a is vulnerable"])
    assert audit.main([part], root=ROOT) == code
    said = capsys.readouterr()
    assert ("MIT 1" in said.out) is (part == "licences")
    assert ("none known" in said.out) is (part == "vulnerabilities")


def test_what_is_locked_without_a_hash_is_a_line(
    says: Says, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    says()
    monkeypatch.setattr(audit, "read_locks", lambda _root: [Lock("a.lock", (Package("six", "1.0", hashed=False),))])
    assert audit.main([], root=ROOT) == 1
    assert capsys.readouterr().out.endswith("a.lock: six 1.0 is locked without a hash\n")


@pytest.mark.parametrize(
    ("raised", "code", "line"),
    [
        (MisuseError("licences.toml: makes no sense"), 2, "error: licences.toml: makes no sense"),
        (OSError(28, "No space left on device"), 1, "error: [Errno 28] No space left on device"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_what_goes_wrong_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], raised: BaseException, code: int, line: str
) -> None:
    def fail(*_: object) -> Part:
        raise raised

    monkeypatch.setitem(audit._PARTS, "licences", fail)
    assert audit.main(["licences"], root=ROOT) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines()[1:] == [line]  # after what it works on


def test_a_folder_without_locks_is_misuse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.main([], root=tmp_path) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {tmp_path / 'Pipfile.lock'}: cannot be read as a lock: ")


def test_the_help_says_what_is_asked_whom_and_what_it_ends_with(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        audit.main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    for words in ("PIP_AUDIT_VULNERABILITY_SERVICE", "npm's registry", "security/audit/licences.toml", "exit codes: 0"):
        assert words in said
