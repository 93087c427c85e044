"""The answers of scanners are read, and nothing passes if a scanner did not check."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from security import checkov_gate, parliament_gate
from security.errors import GateError
from security.scanner import Finding
from security.synthesized import Synthesized

TABLE = "aws_dynamodb_table.table"
STACK = Synthesized("dev", {TABLE: {"name": "table"}, "aws_sns_topic.topic": {"name": "topic"}})
Scanner = Callable[[str, int], Path]


@pytest.fixture
def scanner(tmp_path: Path) -> Scanner:
    """A fake of the Python with the scanners: it prints a text and ends with an exit code, whatever its arguments are."""

    def make(prints: str, ends_with: int) -> Path:
        (tmp_path / "prints").write_text(prints, encoding="utf-8")
        script = tmp_path / "python"
        script.write_text(f"#!/bin/sh\ncat {tmp_path}/prints\necho went wrong >&2\nexit {ends_with}\n")
        script.chmod(0o755)
        return script

    return make


def _report(*failed: tuple[str, str], resources: int = 3, parsing_errors: int = 0) -> str:
    checks = [
        {"file_path": "/dev.json", "resource": address, "check_id": check, "check_name": "says why"}
        for address, check in failed
    ]
    summary = {"resource_count": resources, "parsing_errors": parsing_errors}
    return json.dumps({"summary": summary, "results": {"failed_checks": checks}})


PLANTED = ("aws_sqs_queue.planted_without_encryption", "CKV_AWS_27")


def test_checkovs_findings_are_returned_without_the_planted_one(scanner: Scanner) -> None:
    python = scanner(_report((TABLE, "CKV_1"), PLANTED), 0)
    assert checkov_gate.check(python, [STACK]) == (2, [Finding("dev", TABLE, "CKV_1", "says why")])


@pytest.mark.parametrize(
    ("prints", "ends_with"),
    [
        (_report((TABLE, "CKV_1")), 0),  # the planted weakness is not found
        (_report(PLANTED, resources=2), 0),
        (_report(PLANTED, parsing_errors=1), 0),
        ('{"passed": 0, "failed": 0}', 0),  # its answer for a folder in which it found nothing to check
        ("[]", 0),
        ("not JSON", 0),
        (_report(PLANTED), 3),
    ],
)
def test_nothing_passes_if_checkov_did_not_check(scanner: Scanner, prints: str, ends_with: int) -> None:
    with pytest.raises(GateError):
        checkov_gate.check(scanner(prints, ends_with), [STACK])


@pytest.mark.parametrize(("prints", "ends_with"), [("[[]]", 0), ("[]", 0), ("", 0), ('[[{"issue": "X"}]]', 1)])
def test_nothing_passes_if_parliament_did_not_check(scanner: Scanner, prints: str, ends_with: int) -> None:
    with pytest.raises(GateError):
        parliament_gate.check(scanner(prints, ends_with), [STACK])


def test_a_scanner_that_fails_is_an_error_of_one_line(scanner: Scanner) -> None:
    with pytest.raises(GateError, match=r"went wrong$"):
        checkov_gate.check(scanner("", 3), [STACK])
