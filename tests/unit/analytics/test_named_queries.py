"""The questions that Athena's console offers: each is Athena's SQL, and answers what its first line says, on a real log."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from training_events.analytics.query import parse
from training_events.reading.log import Log, open_log

from tests.support.command_line import make_event, record_events
from tests.support.exported_log import SPEC, STORED, write_lives

QUERIES = {file.stem: file for file in (Path(__file__).parents[3] / "stacks" / "queries").glob("*.sql")}
NPZ, OTHER = "s3://bucket/data/digits.npz", "file:///data/my%20digits.npz"
LIBRARY = "sklearn:load_digits"


def at(second: int) -> datetime:
    return datetime(2026, 11, 22, 15, 8, tzinfo=UTC) + timedelta(seconds=second)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    url = write_lives(tmp_path_factory.mktemp("named"))
    second: dict[str, Any] = {"version": "2", "run": "run/digits-1", "registered_by": "ada", "artifact": STORED}
    record_events(
        url,
        [
            make_event("model/digits", "ModelRegistered", 61, **second),
            make_event("model/digits", "ModelPromoted", 62, version="1", stage="production", promoted_by="ada"),
            make_event("model/digits", "ModelPromoted", 63, version="2", stage="production", promoted_by="grace"),
            make_event("model/digits", "ModelPromoted", 64, version="1", stage="staging", promoted_by="ada"),
            make_event("run/stopped", "Hidden", 65, by="ada", reason="a typo"),
            make_event("run/clean", "TrainingStarted", 70, **SPEC | {"datasets": SPEC["datasets"][:1], "model": "other"}),
            make_event("run/clean", "MetricsRecorded", 71, points=[{"name": "loss", "value": 0.75, "step": 3}]),
            make_event("run/clean", "TrainingCompleted", 3670),
            make_event("dataset/unknown", "DatasetRegistered", 80, uri="s3://bucket/unknown"),
        ],
    )
    return open_log(url)


ANSWERS: dict[str, list[tuple[Any, ...]]] = {
    "best-runs": [
        ("digits", "digits-0", 0.25, "sweep-7", None, "c0ffee", at(16)),
        ("other", "clean", 0.75, None, None, "c0ffee", at(3670)),
    ],
    "curve": [("digits-0", "loss", 2, 0.25, 0.25, 2.0), ("clean", "loss", 1, 0.75, 0.75, 3.0)],
    "disputed-data": [("unknown", 1, "s3://bucket/unknown", None, None, None, False, at(80), None)],
    "hidden": [("run/stopped", "Hidden", at(65), "ada", "a typo")],
    "hours-of-training": [
        (datetime(2026, 11, 1, tzinfo=UTC), "other", None, None, 1, 1.0),
        (datetime(2026, 11, 1, tzinfo=UTC), "digits", None, None, 2, 10 / 3600),
        (datetime(2026, 11, 1, tzinfo=UTC), None, None, None, 2, 5 / 3600),
    ],
    "models-of-data": [
        (OTHER, None, "cd", "digits-0", "digits", "1", "staging"),
        (NPZ, "v1", "ab", "digits-0", "digits", "1", "staging"),
        (LIBRARY, None, None, "digits-0", "digits", "1", "staging"),
        (None, None, "ef", "digits-0", "digits", "1", "staging"),
    ],
    "not-reproducible": [
        ("digits-0", "digits", "c0ffee", False, 1),
        ("digits-1", "digits", None, None, 0),
        ("inner", None, None, None, 0),
        ("job", None, None, None, 0),
        ("stopped", None, None, None, 0),
    ],
    "runs-of-data": [
        (OTHER, None, "cd", "test", "digits-0", "digits", "completed", at(10)),
        (NPZ, "v1", "ab", "train", "clean", "other", "completed", at(70)),
        (NPZ, "v1", "ab", "train", "digits-0", "digits", "completed", at(10)),
        (LIBRARY, None, None, None, "digits-0", "digits", "completed", at(10)),
        (None, None, "ef", None, "digits-0", "digits", "completed", at(10)),
    ],
    "what-failed": [
        ("job", None, "failed", "CapacityError", 0, None, at(40), at(44), None),
        ("stopped", None, "stopped", None, 1, None, at(30), at(31), None),
        ("digits-1", "digits", "failed", "ValueError: boom", 2, None, at(20), at(24), None),
    ],
    "what-serves": [
        ("digits", "production", "2", at(63), "grace", "digits-1", STORED["uri"], "11"),
        ("digits", "staging", "1", at(64), "ada", "digits-0", None, None),
    ],
}
"""What each answers. The others have the time of recording in them, or what verification says in words."""


def test_every_question_is_one_query_and_says_what_it_answers() -> None:
    assert len(QUERIES) >= 12
    for file in QUERIES.values():
        text = file.read_text(encoding="utf-8")
        assert text.startswith("-- ")
        assert len(text.partition("\n")[0]) <= 1024 + len("-- ")  # Athena's limit for a description
        assert parse(text).tables


def test_every_question_is_tried_here() -> None:
    assert QUERIES.keys() == ANSWERS.keys() | {"broken", "late-events", "what-served", "who-said-what"}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_question_is_answered(name: str, log: Log) -> None:
    rows = log.sql(QUERIES[name].read_text(encoding="utf-8")).rows
    expected = ANSWERS[name]
    if name == "hours-of-training":
        assert [row[:-1] for row in rows] == [row[:-1] for row in expected]
        assert [row[-1] for row in rows] == pytest.approx([row[-1] for row in expected])
    else:
        assert rows == expected


def test_what_served_is_every_decision_in_order(log: Log) -> None:
    rows = log.sql(QUERIES["what-served"].read_text(encoding="utf-8")).rows
    assert [row[:-1] for row in rows] == [
        ("digits", at(62), "ModelPromoted", "production", "1", "ada"),
        ("digits", at(63), "ModelPromoted", "production", "2", "grace"),
        ("digits", at(64), "ModelPromoted", "staging", "1", "ada"),
    ]


def test_late_events_are_those_that_were_recorded_long_after(log: Log) -> None:
    rows = log.sql(QUERIES["late-events"].read_text(encoding="utf-8")).rows
    seconds = [row[5] for row in rows]
    assert len(rows) == log.sql("SELECT count(*) AS n FROM events").rows[0][0]  # they are of a day that is long past
    assert seconds == sorted(seconds, reverse=True)
    assert min(seconds) > 3600


def test_who_said_what_counts_each_type(log: Log) -> None:
    rows = log.sql(QUERIES["who-said-what"].read_text(encoding="utf-8")).rows
    assert ("tests", None, "ModelPromoted", 3, at(62), at(64)) in rows
    assert sum(row[3] for row in rows) == log.sql("SELECT count(*) AS n FROM events").rows[0][0]


def test_broken_has_the_findings_that_matter_first(log: Log) -> None:
    rows = log.sql(QUERIES["broken"].read_text(encoding="utf-8")).rows
    assert (True, "forged", "run/digits-0", "e-16", at(16)) in [row[:5] for row in rows]
    assert [row[0] for row in rows] == sorted((row[0] for row in rows), reverse=True)
