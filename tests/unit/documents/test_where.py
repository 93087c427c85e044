"""What the page on searching lists is what there is, and its examples find runs."""

import re
from pathlib import Path
from typing import Any

import pytest
from training_events.event import Event
from training_events.reading.log import open_log
from training_events.reading.search.values import ATTRIBUTES, DATASET_FIELDS
from training_events.stores.opening import open_store

from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "reference" / "where.md").read_text(encoding="utf-8")
[EXAMPLES] = re.findall(r"```sql\n(.+?)```", PAGE, re.DOTALL)
STARTED = "2026-11-22T15:00:00.000000Z"
SPEC = {
    "hyperparameters": {"alpha": 0.001, "optimizer": {"name": "adam"}, "batch_size": 64},
    "datasets": [{"uri": "s3://b/digits.npz", "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}],
    "code": {"commit": "9fceb02d0ae598e95dc970b74767f19372d61af8", "dirty": False},
}
RUN: list[tuple[str, str, dict[str, Any]]] = [
    ("TrainingStarted", STARTED, SPEC),
    ("Tagged", STARTED, {"tags": {"team": "vision", "group": "sweep-7", "note": "a Warm Start"}}),
    ("MetricsRecorded", STARTED, {"points": [{"name": "accuracy", "value": 0.96}, {"name": "grad norm", "value": 2.5}]}),
    ("TrainingCompleted", "2026-11-22T17:00:00.000000Z", {}),
]


def test_every_attribute_is_in_the_table_with_its_kind() -> None:
    _, _, table = PAGE.partition("## Attributes")
    rows = dict(re.findall(r"^\| `(\w+)` \| (\w+) \| \S.+ \|$", table, re.MULTILINE))
    assert rows == {name: attribute.kind for name, attribute in ATTRIBUTES.items()}


def test_every_field_of_a_dataset_is_named() -> None:
    [row] = re.findall(r"^\| `datasets.<field>` \| (.+) \|$", PAGE, re.MULTILINE)
    assert re.findall(r"`(\w+)`", row) == list(DATASET_FIELDS)


@pytest.mark.parametrize("where", EXAMPLES.splitlines())
def test_every_example_finds_a_run(where: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/log.db"
    for number, (type_, at, data) in enumerate(RUN):
        open_store(url).log.append(Event(f"e-{number}", "run/digits-7", type_, at, "tests", data))
    with open_log(url) as log:
        assert [run.id for run in log.runs(where, "-metrics.accuracy")] == ["digits-7"]
