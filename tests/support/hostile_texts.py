"""Texts that a page must show as text, and facts that have them in every field that a page shows.

Where a page takes one for markup, it gets an element `<x-hostile>`, or the browser sets `window.hostile` or opens an alert.
"""

from typing import Any

_CALL = "alert(window.hostile=1)"
HOSTILE = {
    "markup": f"<x-hostile></x-hostile><img src=x onerror={_CALL}>",
    "script": f"</script><script>{_CALL}</script>",
    "comment": f"--><!--<svg onload={_CALL}>]]></style></textarea></title>",
    "attribute": f"\" autofocus onfocus={_CALL} x='` x=`",
    "address": f"javascript:{_CALL}//",
    "template": "{{ 7 * 7 }}{% raw %}${7*7}#{7*7}",
    "escapes": "\x1b[2J\x1b]8;;https://example.com\x07\x00\x7f\u2028\r\nnext line",
    "right to left": "\u202egpj.exe\u2066\u200e\u061c",
    "Persian": "آزمایش رقم‌ها ۱۲۳",  # noqa: RUF001
    "emoji": "👩🏽‍🔬🏳️‍🌈 e\u0301 \ufdfd",
    "long": "long-" * 400,
    "path": "../../etc/passwd?a=1&b=%2F%00#f",
}
"""By what is hostile about them."""

_NOT_IN_NAMES = {"escapes"}
"""No name of an event may hold control characters (event.check_text)."""
NAMES = {what: text for what, text in HOSTILE.items() if what not in _NOT_IN_NAMES and len(text) < 1000}
_IN_STREAMS = sorted(NAMES.keys() - {"right to left", "emoji"})
"""A stream's name is in the one form that people see, in which it has none of these characters (event.in_one_form)."""

STREAMS = [f"run/{NAMES[what]}" for what in _IN_STREAMS]
MODEL = f"model/{HOSTILE['script']}"
DATASET = f"dataset/{HOSTILE['markup']}"
TYPE = f"<x-hostile>{_CALL}</x-hostile>"

HostileFact = tuple[str, str, dict[str, Any]]


def hostile_facts() -> list[HostileFact]:
    """Stream, type and data, in the order in which they occur: runs whose every text is hostile, their dataset and model."""
    facts: list[HostileFact] = [
        (
            DATASET,
            "DatasetRegistered",
            _stored("markup") | {"rows": 3, "registered_by": HOSTILE["attribute"], "run": HOSTILE["template"]},
        ),
        (DATASET, "DatasetRegistered", _stored("markup") | {"sha256": HOSTILE["script"], "bytes": 2}),
        *_organised(DATASET, "script"),
    ]
    for stream, (what, text) in zip(STREAMS, HOSTILE.items(), strict=False):
        facts += _run(stream, what, text)
    run = STREAMS[0]
    facts += [
        (MODEL, "ModelRegistered", {"version": version, "run": run, "artifact": _stored(version), "registered_by": version_by})
        for version, version_by in HOSTILE.items()
    ]
    facts += [
        (MODEL, "ModelPromoted", {"version": what, "stage": text, "promoted_by": text}) for what, text in list(HOSTILE.items())
    ]
    facts += [
        (MODEL, "ModelRetired", {"version": "address", "reason": HOSTILE["script"]}),
        (MODEL, "ModelPackageStateChanged", {"version": "script", "status": HOSTILE["script"], "arn": HOSTILE["address"]}),
        *_organised(MODEL, "markup"),
    ]
    return facts


def _run(stream: str, what: str, text: str) -> list[HostileFact]:
    spec = {
        "model": text,
        "code": {
            "repository": text if what == "address" else f"https://example.com/{text}",
            "commit": text,
            "dirty": True,
            "diff": _stored(what),
            "not_kept": {text: text},
        },
        "image": {"uri": text, "digest": text},
        "entry_point": text,
        "arguments": [text, text],
        "hyperparameters": {text: text, "nested": {text: [text, {text: text}]}},
        "seeds": {text: 1},
        "datasets": [{**_stored(what), "role": text}],
        "instance": {"type": text, "count": 2},
        "packages": {text: text},
        "python": text,
        "environment": {text: text},
        "requested_by": text,
        "resumed_from": text,
        "reproduces": text,
        "working_folder": text,
        "direct_packages": {text: text},
        "machine": text,
    }
    points = [{"name": text, "value": 1 / (step + 1), "step": step} for step in range(8)]
    points += [{"name": text, "value": value, "step": 8} for value in ("NaN", "Infinity", "-Infinity")]
    ends: dict[str, tuple[str, dict[str, Any]]] = {
        "markup": ("TrainingFailed", {"error": text, "traceback": text}),
        "script": ("TrainingFailed", {"error": {text: text}, "traceback": text}),
        "comment": ("TrainingStopped", {"reason": text}),
    }
    asked = {"recipe": text, "reproduces": text, "caused_by": {"stream": text, "event_id": text, "occurred_at": text}}
    end, data = ends.get(what, ("TrainingCompleted", {"artifact": _stored(what)}))
    return [
        (stream, "TrainingRequested", {"model": text, "requested_by": text, "hyperparameters": {text: text}, **asked}),
        (stream, "TrainingStarted", spec),
        (stream, "MetricsRecorded", {"points": points}),
        (stream, "CheckpointSaved", {**_stored(what), "step": 4}),
        (stream, "ArtifactSaved", {**_stored(what), "name": text}),
        (stream, "TrainingJobStateChanged", {"status": text, "secondary_status": text, "arn": text, "failure_reason": text}),
        (stream, TYPE, {text: text}),
        (stream, end, data),
        (stream, "ReproductionRequested", {"run": text, "allowed_unpinned": [text], "requested_by": text}),
        (stream, "ReproductionDiverged", {"run": text, "inputs": [text], "explanation": text, "by": text}),
        *_organised(stream, what),
    ]


def _organised(stream: str, what: str) -> list[HostileFact]:
    text = HOSTILE[what]
    return [
        (stream, "Described", {"name": text, "description": text, "by": text}),
        (stream, "Tagged", {"tags": {text: text, "group": text}, "by": text}),
    ]


def _stored(what: str) -> dict[str, Any]:
    text = HOSTILE[what]
    uri = text if what == "address" else f"s3://bucket/{text}"
    return {"uri": uri, "version_id": text, "sha256": text, "bytes": 12}
