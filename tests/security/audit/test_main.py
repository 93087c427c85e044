"""`python -m security.audit`: what it prints, and its exit codes."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from security.audit import __main__ as audit
from security.audit.locks import ENVIRONMENTS, Locks
from security.errors import MisuseError
from tests.support.paths import ROOT

Report = Callable[..., None]


@pytest.fixture
def report(monkeypatch: pytest.MonkeyPatch) -> Report:
    """Set the lines that the parts report."""

    def part(lines: Sequence[str]) -> Callable[[Locks, Path], Iterator[str]]:
        return lambda _locks, _root: iter(lines)

    def set_(vulnerabilities: Sequence[str] = (), licences: Sequence[str] = ()) -> None:
        monkeypatch.setitem(audit.PARTS, "vulnerabilities", part(vulnerabilities))
        monkeypatch.setitem(audit.PARTS, "licences", part(licences))

    return set_


def test_nothing_found_is_success(report: Report, capsys: pytest.CaptureFixture[str]) -> None:
    report()
    assert audit.main([], root=ROOT) == 0
    written = capsys.readouterr()
    assert written.out == ""
    assert f"packages in {len(ENVIRONMENTS) + 3} locks" in written.err  # with Pipfile.lock and npm's two locks
    assert written.err.endswith("nothing found\n")


def test_every_finding_is_a_line_and_the_exit_code_is_1(report: Report, capsys: pytest.CaptureFixture[str]) -> None:
    report(vulnerabilities=["a: not checked: " + "x" * 200], licences=["b: is forbidden"])
    assert audit.main([], root=ROOT) == 1
    written = capsys.readouterr()
    assert written.out.splitlines() == ["a: not checked: " + "x" * 200, "b: is forbidden"]
    assert written.err.endswith("2 to look at\n")


@pytest.mark.parametrize(("part", "code"), [("licences", 0), ("vulnerabilities", 1)])
def test_one_part_can_run_by_itself(report: Report, part: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    report(vulnerabilities=["a is vulnerable"])
    assert audit.main([part], root=ROOT) == code
    written = capsys.readouterr()
    assert ("licences of" in written.err) is (part == "licences")
    assert ("a is vulnerable" in written.out) is (part == "vulnerabilities")


@pytest.mark.parametrize(
    ("raised", "code", "line"),
    [
        (MisuseError("licences.toml: makes no sense"), 2, "error: licences.toml: makes no sense"),
        (OSError(28, "No space left on device"), 1, "error: [Errno 28] No space left on device"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_an_error_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], raised: BaseException, code: int, line: str
) -> None:
    def fail(*_: object) -> Iterator[str]:
        raise raised

    monkeypatch.setitem(audit.PARTS, "licences", fail)
    assert audit.main(["licences"], root=ROOT) == code
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err.splitlines()[1:] == [line]  # after the line with what it works on


def test_a_folder_without_locks_is_misuse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.main([], root=tmp_path) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {tmp_path / 'Pipfile.lock'}: cannot be read as a lock: ")


def test_the_help_names_the_services_the_lists_and_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        audit.main(["--help"])
    assert ended.value.code == 0
    written = capsys.readouterr().out
    for words in ("PIP_AUDIT_VULNERABILITY_SERVICE", "npm's registry", "security/audit/licences.toml", "exit codes: 0"):
        assert words in written
