"""What every environment declares has a price; and the documents tell the figures that the command prints."""

import re
from collections.abc import Iterator
from pathlib import Path

from costs import prices
from costs.answer import Answer
from costs.assumptions import Assumptions
from costs.lines import Line, Range, together
from costs.stack import Stack
from costs.text import text
from tests.support.options import COMPANY, synthesized_with_options
from tests.support.paths import ROOT
from tests.support.stack_json import StackJson


def answer(stack: StackJson, name: str = "training-dev") -> Answer:
    read = Stack.of(name, stack.content)
    return Answer.of(read, prices.read(read.region), Assumptions())


def test_everything_in_every_environment_is_priced(stack: StackJson) -> None:
    assert answer(stack).unpriced == []


def test_everything_that_a_setting_can_add_is_priced(options: StackJson, of_teams: StackJson, tmp_path: Path) -> None:
    company = synthesized_with_options(tmp_path, **COMPANY)
    assert [answer(stack).unpriced for stack in (options, of_teams, company)] == [[], [], []]


def test_the_parts_of_an_event_s_way_are_those_of_the_stack(stack: StackJson, options: StackJson) -> None:
    parts = {line.part for line in answer(stack).per_million_events}
    assert parts == {
        *("event bus", "archive", "event processor", "event log", "projector", "read models", "seals"),
        *("notary", "leaves", "tiles"),
    }
    assert {line.part for line in answer(options).per_million_events} - parts == {"run events"}


def test_what_is_called_by_a_schedule_is_at_rest_too(stack: StackJson) -> None:
    assert {"notary, by schedule", "projector, by schedule"} < {line.part for line in answer(stack).at_rest}


def test_the_job_over_the_log_is_at_rest_where_there_is_one(stack: StackJson, options: StackJson) -> None:
    found = [[line.amount for line in answer(each).at_rest if line.part == "job over the log"] for each in (stack, options)]
    assert found[0] == []
    assert found[1] > [0]


def test_the_document_shows_what_the_command_prints(stacks: dict[str, StackJson]) -> None:
    """If it differs: run `make costs ENV=dev` and put what it prints into the document."""
    document = (ROOT / "docs/operate/costs.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r'```text title="make costs ENV=dev"\n(.*?)\n```', document, re.DOTALL)
    assert shown == text(answer(stacks["dev"]))


def notary_rows() -> Iterator[tuple[str, str]]:
    """The part and the dollars of each row in the tables on what checkpoints cost."""
    document = (ROOT / "docs/operate/checkpoints.md").read_text(encoding="utf-8")
    section = document.partition("## What they cost")[2].partition("\n## ")[0]
    for row in re.findall(r"^\|(.*)\|$", section, re.MULTILINE):
        part, *_, dollars = (cell.strip(" *") for cell in row.split("|"))
        if re.fullmatch(r"[\d.]+", dollars):
            yield part, dollars


def test_the_document_on_checkpoints_has_the_same_figures(stacks: dict[str, StackJson]) -> None:
    found = answer(stacks["dev"])
    events: dict[str, list[Range]] = {}
    for line in found.per_million_events:
        events.setdefault(line.part, []).append(line)
    months: dict[str, list[Line]] = {}
    for month in (*found.at_rest, *found.in_use):
        months.setdefault(month.part, []).append(month)
    alarm = found.prices["cloudwatch.alarm"].dollars
    of_the_notary = [
        name for name in stacks["dev"].all("aws_cloudwatch_metric_alarm") if "notary" in name or "checkpoint" in name
    ]
    busy = {part: sum(line.busy_dollars for line in events[part]) for part in ("leaves", "notary", "tiles")}
    month_dollars = {
        "the key": together(months["KMS keys"]),
        "signatures": next(line.dollars for line in months["checkpoints"] if line.price.name == "kms.signature"),
        "objects": next(line.dollars for line in months["checkpoints"] if line.price.name == "s3.put"),
        "function": together(months["notary, by schedule"]),
        "alarms": len(of_the_notary) * alarm,
    }
    expected = [
        *(("transactions", busy["leaves"]), ("function", busy["notary"]), ("tiles", busy["tiles"])),
        ("together", sum(busy.values())),
        *month_dollars.items(),
        ("together", sum(month_dollars.values())),
    ]
    assert list(notary_rows()) == [(part, f"{dollars:.2f}") for part, dollars in expected]
