"""`python -m costs`: its exit codes, its JSON, and its errors of one line."""

import json
from pathlib import Path
from typing import Any

import pytest

from costs.__main__ import main
from tests.release.conftest import content, synthesize

RESOURCES: dict[str, Any] = {
    "aws_cloudwatch_metric_alarm": {"one": {"namespace": "AWS/SQS", "metric_name": "Age", "dimensions": {}}}
}


def out(folder: Path, **resources: Any) -> Path:
    synthesize(folder, content() | {"resource": RESOURCES | resources})
    return folder


def test_it_prints_one_json_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dev", "--json"], out(tmp_path)) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["stack"], answer["region"], answer["unpriced"]) == ("training-dev", "us-east-1", [])
    (alarm,) = answer["at_rest"]["lines"]
    assert alarm["amount"] * alarm["unit_dollars"] / alarm["units"] == alarm["dollars"] == answer["at_rest"]["dollars"]
    assert answer["per_million_events"]["lines"][0]["busy_amount"] == 1_000_000


def test_what_is_not_priced_is_named_and_told_by_the_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dev"], out(tmp_path, aws_nat_gateway={"way_out": {}}, aws_eip={"address": {}})) == 1
    shown = capsys.readouterr()
    assert "about 0.10 $ a month at rest, without what is not priced" in shown.out
    assert [line.split(": ")[:2] for line in shown.err.splitlines()] == [
        ["not priced", "aws_eip.address"],
        ["not priced", "aws_nat_gateway.way_out"],
    ]


def test_another_region_has_its_own_prices(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def log(*options: str) -> float:
        assert main(["dev", "--json", *options], tmp_path) == 0
        answer = json.loads(capsys.readouterr().out)
        return float(next(line["dollars"] for line in answer["keeping_a_million_events"]["lines"]))

    out(tmp_path)
    assert log("--region", "eu-central-1") > log()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["dev", "--region", "mars-1"], 2, "has no prices of mars-1"),
        (["dev", "--event-bytes", "0"], 2, "--event-bytes 0: allowed are 1 to 262144"),
        (["dev", "--event-bytes", "262145"], 2, "--event-bytes 262145: allowed"),
        (["nowhere"], 2, "environments/nowhere.toml: there is no such environment"),
        (["prod"], 1, "does not exist: run `make synth` first"),
    ],
)
def test_an_error_is_one_line(arguments: list[str], code: int, message: str, tmp_path: Path, capsys: Any) -> None:
    assert main(arguments, out(tmp_path)) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert message in line
