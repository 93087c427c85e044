"""What is waived and what counts, and that the list of waivers stays as short as it can be."""

from pathlib import Path
from typing import Any

import pytest

from security import waivers
from security.errors import MisuseError
from security.finding import Finding

TABLE = "aws_dynamodb_table.table"


def _waiver(**more: Any) -> waivers.Waiver:
    return waivers.Waiver.model_validate({"check": "CKV_1", "resources": [TABLE], "reason": "it is only an example"} | more)


def _found(environment: str = "dev", address: str = TABLE, check: str = "CKV_1") -> Finding:
    return Finding(environment, address, check, "is wrong")


def test_a_waiver_is_for_its_check_its_resource_and_its_environments() -> None:
    waived = _found()
    counted = [_found(environment="prod"), _found(address="aws_dynamodb_table.other"), _found(check="CKV_2")]
    assert waivers.not_waived([waived, *counted], [_waiver(except_in=["prod"])]) == counted


@pytest.mark.parametrize(
    ("waiver", "said"),
    [
        (_waiver(check="CKV_2"), "CKV_2: nothing needs this waiver any more"),
        (_waiver(resources=[TABLE, "aws_sqs_queue.gone"]), "aws_sqs_queue.gone: CKV_1: nothing needs this waiver any more"),
        (_waiver(except_in=["prood"]), "except_in names prood, which is no environment here"),
    ],
)
def test_a_waiver_that_is_out_of_date_is_told(waiver: waivers.Waiver, said: str) -> None:
    (line,) = waivers.out_of_date([_found()], [waiver], ["dev", "prod"])
    assert said in line


def test_a_waiver_that_is_needed_somewhere_is_not_missed_elsewhere() -> None:
    assert not [*waivers.out_of_date([_found()], [_waiver(except_in=["prod"])], ["dev", "local", "prod"])]
    assert not [*waivers.out_of_date([], [_waiver(setting="observability.alarm_email")], ["dev"])]


@pytest.mark.parametrize(
    ("text", "said"),
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
def test_a_list_of_waivers_that_makes_no_sense_is_misuse(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "waivers.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(MisuseError, match=said) as raised:
        waivers.read(file)
    assert "\n" not in str(raised.value)
