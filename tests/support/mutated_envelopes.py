"""Envelopes as EventBridge may deliver them, with mistakes that nobody would make by hand: one seed gives one envelope.

Each begins as one of the real envelopes in tests/events and is changed in a few places: values of other types and sizes,
numbers that some readers cannot hold, texts that some cannot encode, keys that are missing, double or huge, many levels.
"""

import copy
import json
from collections.abc import Callable
from random import Random
from typing import Any, TypeAlias

from tests.support.nesting import nested
from tests.support.paths import EVENTS

Place: TypeAlias = tuple[Any, Any]
"""A container and the key or index of one value in it."""

ORIGINALS = [
    json.loads(file.read_text(encoding="utf-8")) for file in sorted(EVENTS.glob("*.json")) if file.name != "change_stream.json"
]
FACTS: list[tuple[str, str, dict[str, Any]]] = [
    ("run", "TrainingStarted", {"model": "m", "seeds": {"torch": 7}, "hyperparameters": {"C": 1.0}, "datasets": ["s3://b/k"],
                                "goals": {"loss": "minimize"}, "packages": {"torch": "2.4"}, "mine": {"x": [1]}}),
    ("run", "MetricsRecorded", {"points": [{"name": "loss", "step": step, "value": 1 / (step + 1)} for step in range(40)]}),
    ("run", "CheckpointSaved", {"uri": "s3://b/k", "version_id": "v", "sha256": "ab" * 32, "bytes": 7, "step": 3}),
    ("run", "ArtifactSaved", {"uri": "s3://b/k", "name": "model"}),
    ("run", "TrainingFailed", {"error": {"type": "E"}, "traceback": "Traceback \u2026"}),
    ("run", "TrainingStopped", {"reason": "SIGTERM"}),
    ("run", "TrainingCompleted", {"artifact": {"uri": "s3://b/k"}}),
    ("run", "TrainingJobStateChanged", {"status": "Failed", "hyperparameters": {"a": "1"}, "artifact": {"uri": "s3://b/k"}}),
    ("model", "ModelRegistered", {"version": 1, "run": "run/a", "artifact": {"uri": "s3://b/k"}}),
    ("model", "ModelPromoted", {"version": 1, "stage": "production", "promoted_by": "ada"}),
    ("model", "ModelRetired", {"version": 1}),
    ("dataset", "DatasetRegistered", {"uri": "s3://b/k", "sha256": "ab" * 32, "rows": 3}),
    ("dataset", "DatasetRetired", {"sha256": "ab" * 32}),
]  # fmt: skip
"""Of every kind of state, events that change it."""

NUMBERS: list[Any] = [
    0, -0.0, 1, 1.0, -1, True, 0.1, 1e-7, 5e-324, 1e16, 1e21, 1e22, 1.7976931348623157e308, -1.7976931348623157e308,
    float("inf"), float("-inf"), float("nan"), 2**53 - 1, 2**53, 2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1,
    20 * 10**18 - 1, 10**38, 10**128, 10**307, 10**308 - 1, 10**308, -(10**308) + 1, -(10**308), 10**309, 10**639, 10**640,
    10**4298, 10**4299, -(10**4298), -(10**4299), 10**4300 - 1, -(10**4300) + 1,
]  # fmt: skip
TEXTS: list[str] = [
    "", " ", "x", " x", "x ", "\x00", "a\x00b", "\n", "\x1f", "\x7f", "\x85", "\u00a0", "\u2028", "\ufeff", "\uffff", "\u202e",
    "\u200b", "\ud800", "\udfff", "a\udc00", "\ud83d\ude00", "\U0001f600", "\U0010ffff", "\u00e9", "e\u0301", "\ufb01", "#",
    "$", "/", "run/", "run/x", "run/ x", "run/..", "job/7", "model/\u00e9", "NaN", "Infinity", "-Infinity", "1e400", "null",
    "{}", "[]", "x" * 80, "x" * 128, "x" * 129, "\u00e9" * 128, "\U0001f600" * 128, "x" * 256, "x" * 257, "x" * 996, "x" * 997,
    "\u00e9" * 1024, "x" * 2045, "x" * 5000, "9" * 5000, "\x00" * 3000, "x" * 100_000, "\u00e9" * 200_000, "\x01" * 80_000,
    "x" * 410_000,
    "2026-11-22T15:08:39Z", "2026-11-22T15:08:39.955123Z", "2026-11-22 15:08Z", "2026-11-22T15:08:39+14:00",
    "2026-11-22T15:08:39." + "9" * 20_000 + "Z", "2026-11-22T24:00:00Z", "2026-02-30T00:00:00Z", "0001-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59-01:00", "2999-01-01T00:00:00Z", "1763823719", "1763823719000", "-1", "1763823719000." + "1" * 20,
]  # fmt: skip
SIZES: list[Callable[[], Any]] = [
    list, dict, lambda: [None], lambda: [[]], lambda: {"": ""}, lambda: list(range(3000)), lambda: [0.1] * 20_000,
    lambda: {f"k{number}": number for number in range(3000)}, lambda: {"x" * 100_000: 1}, lambda: {"\u00e9" * 70_000: {"a": 1}},
    lambda: {"\ud800": 1}, lambda: {"\x00": 1}, lambda: {"e\u0301": 1, "\u00e9": 2}, lambda: nested(31),
    lambda: nested(61), lambda: nested(62), lambda: nested(63), lambda: nested(64), lambda: nested(65), lambda: nested(500),
    lambda: [nested(62)] * 3,
    lambda: {"event_id": "e", "stream": "run/a", "data": {}}, lambda: {"uri": 1, "sha256": None, "bytes": 10**308 - 1},
    lambda: {"points": [{"name": "x" * 9000, "value": 10**307, "step": -(10**307)}] * 20},
    lambda: {"points": [{"name": f"m{number}", "value": number} for number in range(2000)]},
]  # fmt: skip
KEYS = ["data", "event_id", "stream", "occurred_at", "schema_version", "producer", "correlation_id", "run_id", "model_name",
        "dataset_name", "extensions", "resources", "type", "source", "id", "sequence", "previous", "version", "points",
        "", "\x00", "\ud800", "x" * 3000]  # fmt: skip


def envelope(seed: int, batch: str) -> Any:
    """The envelope of a seed. All of a batch are about the same few streams, unless a mutation names another."""
    chance = Random(seed)  # noqa: S311 - no secret
    received = _whole(chance, seed, batch)
    for _ in range(chance.choice([1, 1, 1, 2, 3, 5])):
        _mutate(chance, received)
    detail = received.get("detail") if isinstance(received, dict) else None
    if chance.random() < 0.15 and detail is not None:
        received["detail"] = _as_text(chance, detail)
    return received if chance.random() < 0.995 else chance.choice([[received], json.dumps(received), None, *NUMBERS, *TEXTS])


def _whole(chance: Random, seed: int, batch: str) -> Any:
    """An envelope without a mistake."""
    if chance.random() < 0.5:
        received = copy.deepcopy(chance.choice(ORIGINALS))
        detail = received["detail"]
        for key, value in {"run_id": batch, "model_name": batch, "stream": f"run/{batch}", "event_id": f"e-{seed}"}.items():
            if key in detail:
                detail[key] = value
        for key in ("TrainingJobName", "ModelPackageGroupName"):
            if key in detail:
                detail[key] = f"{batch}-{chance.randrange(3)}"
        return {**received, "id": f"id-{seed}"}
    kind, type_, data = chance.choice(FACTS)
    detail = {
        "event_id": f"e-{seed}",
        "stream": f"{kind}/{batch}",
        "occurred_at": f"2026-11-22T15:08:{chance.randrange(60):02d}.{chance.randrange(3):06d}Z",
        "schema_version": 1,
        "producer": {"id": f"p-{seed}", "sequence": 1, "rank": 0},
        "correlation_id": batch,
        "data": copy.deepcopy(data),
        "trace": {"span": "s", "sampled": True},
    }
    return {"version": "0", "id": f"id-{seed}", "source": "my.sagemaker.training.jobs", "detail-type": type_,
            "time": "2026-11-22T15:08:40Z", "resources": ["arn:aws:s3:::b"], "detail": detail}  # fmt: skip


def _mutate(chance: Random, received: Any) -> None:
    places = list(_places(received))
    if not places:
        return
    container, key = chance.choice(places)
    value = container[key]
    match chance.randrange(12):
        case 0 | 1 | 2:
            container[key] = chance.choice(NUMBERS)
        case 3 | 4 | 5:
            container[key] = chance.choice(TEXTS)
        case 6 | 7:
            container[key] = chance.choice(SIZES)()
        case 8:
            del container[key]
        case 9:
            other, other_key = chance.choice(places)
            container[key] = copy.deepcopy(other[other_key]) if other is not container or other_key != key else [value]
        case 10:
            container[key] = (
                value + chance.choice(TEXTS) if isinstance(value, str) else chance.choice([str(value), [value], None])
            )
        case 11 if isinstance(container, dict):
            container[chance.choice(KEYS)] = container.pop(key)


def _places(value: Any) -> list[Place]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found: list[Place] = []
    for key, inside in list(items)[:50]:
        found.append((value, key))
        found += _places(inside)
    return found


def _as_text(chance: Random, detail: Any) -> str:
    """A detail that is JSON text, as some producers send it: with one more mistake, or none."""
    text = json.dumps(detail, ensure_ascii=chance.random() < 0.5)
    number = chance.choice(["1E0", "1.0", "-0", "01", "+1", "0x1", "1e400", "1e-400", "1" * 4301, "-" + "1" * 4300])
    mistakes = [
        text[: chance.randrange(len(text) + 1)],
        text + chance.choice([" ", "{}", ",", "\x00", "\ufeff"]),
        "\ufeff" + text,
        text.replace(": 1", f": {number}", 1),
        "{" + text[1:-1] + "," + text[1:-1] + "}",
        text.replace('"stream"', '"stream": "run/other", "stream"', 1),
    ]
    return chance.choice([text, text, *mistakes])
