"""Waivers are for their findings only, and a waiver that is no longer needed is reported."""

from pathlib import Path
from typing import Any

import pytest

from security import waivers
from security.errors import MisuseError
from security.scanner import Finding

TABLE = "aws_dynamodb_table.table"


def _waiver(**more: Any) -> waivers.Waiver:
    return waivers.Waiver.model_validate({"check": "CKV_1", "resources": [TABLE], "reason": "it is only an example"} | more)


def _found(environment: str = "dev", address: str = TABLE, check: str = "CKV_1") -> Finding:
    return Finding(environment, address, check, "is wrong")


def test_a_waiver_is_for_its_check_its_resource_and_its_environments() -> None:
    waived = _found()
    others = [_found(environment="prod"), _found(address="aws_dynamodb_table.other"), _found(check="CKV_2")]
    assert waivers.not_waived([waived, *others], [_waiver(except_in=["prod"])]) == others


@pytest.mark.parametrize(
    ("waiver", "message"),
    [
        (_waiver(check="CKV_2"), "CKV_2: nothing needs this waiver any more"),
        (_waiver(resources=[TABLE, "aws_sqs_queue.gone"]), "aws_sqs_queue.gone: CKV_1: nothing needs this waiver any more"),
        (_waiver(except_in=["prood"]), "except_in names prood, which is not an environment here"),
    ],
)
def test_a_waiver_that_is_out_of_date_is_reported(waiver: waivers.Waiver, message: str) -> None:
    (line,) = waivers.out_of_date([_found()], [waiver], ["dev", "prod"])
    assert message in line


def test_a_waiver_that_one_environment_needs_is_not_out_of_date() -> None:
    assert not [*waivers.out_of_date([_found()], [_waiver(except_in=["prod"])], ["dev", "local", "prod"])]
    assert not [*waivers.out_of_date([], [_waiver(setting="observability.alarm_email")], ["dev"])]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[waiver]]\ncheck = 'CKV_1'\nresources = ['a.b']\n", "reason"),
        ("[[waiver]]\ncheck = 'CKV_1'\nresources = ['a.b']\nreason = 'because'\n", "reason"),
        (f"[[waiver]]\ncheck = 'CKV_1'\nresources = ['a.b']\nreason = '{' ' * 30}'\n", "reason"),
        ("[[waiver]]\ncheck = 'CKV_1'\nresources = []\nreason = 'it is only an example'\n", "resources"),
        ("[[waiver]]\ncheck = 'CKV_1'\nresources = ['a.b']\nreason = 'it is only an example'\nuntil = 'never'\n", "until"),
        ("[[waver]]\ncheck = 'CKV_1'\n", "waver"),
        ("[[waiver]\n", "TOML"),
    ],
)
def test_a_list_of_waivers_that_makes_no_sense_is_misuse(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "waivers.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(MisuseError, match=message) as raised:
        waivers.read(file)
    assert "\n" not in str(raised.value)
