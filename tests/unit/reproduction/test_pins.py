"""What of a run is pinned: what it recorded exactly, and what outside has still. Everything else is named with its reason."""

from typing import Any

import pytest
from training_events import folds
from training_events.folds.run_state import RunState
from training_events.reproduction.pins import MAX_REASONS, PINS, Pin, pins_of

from tests.support.command_line import make_event
from tests.support.fakes import InMemoryLog

COMMIT = "9a76a5d0" * 5
SHA256 = "ab" * 32
DATA: dict[str, Any] = {"uri": "s3://bucket/digits.npz", "version_id": "v1", "sha256": SHA256, "bytes": 7}
SPEC: dict[str, Any] = {
    "code": {"repository": "https://example.org/digits.git", "commit": COMMIT, "dirty": False},
    "entry_point": "train.py",
    "arguments": ["--epochs", "8", "it's"],
    "python": "3.12.3",
    "packages": {"numpy": "2.1.3", "training-events": "0.2.0"},
    "datasets": [DATA],
    "hyperparameters": {"optimizer": {"lr": 0.1}, "epochs": 8},
    "seeds": 7,
    "environment": {"PYTHONHASHSEED": "0"},
    "machine": "x86_64 Linux",
}
METRIC = make_event("run/a", "MetricsRecorded", 2, points=[{"name": "loss", "value": 0.5, "step": 1}])
END = make_event("run/a", "TrainingCompleted", 9)


class World:
    """A world in which nothing can be had any more, each with a reason of its own."""

    def commit(self, code: Any) -> str:
        return f"no clone has {code.commit[:7]}"

    def file(self, stored: Any) -> str:
        return f"{stored.uri} is gone"

    def python(self, version: str) -> str:
        return f"no Python like {version}"

    def machine(self, machine: str) -> str:
        return f"this is no {machine}"


def folded(*events: Any) -> RunState:
    log = InMemoryLog()
    for event in events:
        log.append(event)
    state = folds.fold(folds.empty("run/a"), log.entries("run/a"))
    assert isinstance(state, RunState)
    return state


def run_with(**changes: Any) -> RunState:
    """A run in which all is pinned, but for these fields of its spec. None leaves a field out."""
    spec = {name: value for name, value in (SPEC | changes).items() if value is not None}
    return folded(make_event("run/a", "TrainingStarted", 1, **spec), METRIC, END)


def pins_by_name(state: RunState, outside: Any = None) -> dict[str, Pin]:
    return {pin.name: pin for pin in pins_of(state, outside)}


def test_a_run_that_recorded_everything_is_pinned():
    pins = pins_of(run_with())
    assert [pin for pin in pins if not pin.pinned or pin.why is not None] == []
    assert [pin.name for pin in pins] == [name for name in PINS if name != "image"], "the run had no image"
    values = {pin.name: pin.value for pin in pins}
    assert values["code"] == f"{COMMIT} of https://example.org/digits.git"
    assert values["arguments"] == "--epochs 8 'it'\"'\"'s'", "as a shell takes them"
    assert values["hyperparameters"] == "epochs=8, optimizer.lr=0.1"
    assert values["seeds"] == "7"


NOT_PINNED: dict[str, tuple[str, dict[str, Any], str]] = {
    "no code": ("code", {"code": None}, "the run recorded no commit of its code"),
    "no commit": ("code", {"code": {"repository": "https://example.org/r.git"}}, "the run recorded no commit of its code"),
    "a dirty tree of 0.1.0": (
        "diff", {"code": {"commit": COMMIT, "dirty": True}}, "the code was changed, and the changes were not kept",
    ),
    "an unknown tree": (
        "diff", {"code": {"commit": COMMIT}}, "the run did not record whether the commit has all of its code",
    ),
    "what a patch lacks": (
        "diff",
        {"code": {"commit": COMMIT, "dirty": True, "diff": DATA, "not_kept": {"a.bin": "it is binary", "<stdin>": "no file"}}},
        "<stdin>: no file; a.bin: it is binary",
    ),
    "no entry point": ("entry_point", {"entry_point": None}, "the run recorded no entry point: its program may be in no file"),
    "a notebook": (
        "entry_point",
        {"entry_point": "train.ipynb"},
        "it is a notebook: nobody recorded which of its cells ran, and in which order",
    ),
    "a program elsewhere": ("entry_point", {"entry_point": "/home/ada/x.py"}, "the file is outside of the code's repository"),
    "no arguments, by a recorder of 0.1.0": (
        "arguments", {"arguments": None, "machine": None}, "the run recorded no arguments",
    ),
    "a masked argument": (
        "arguments", {"arguments": ["--token", "***"]}, "number 2 looked like a credential and was masked",
    ),
    "arguments that nobody could store": (
        "arguments", {"arguments": {"sha256": SHA256, "bytes": 9}}, "they were too many for an event, and nobody stored them",
    ),
    "no Python": ("python", {"python": None}, "the run recorded no version of Python"),
    "no packages": ("packages", {"packages": None}, "the run recorded no packages"),
    "an editable package": (
        "packages",
        {"direct_packages": {"mine": "editable file:///home/ada/mine"}},
        "mine: it was installed as editable, and no version tells what it held",
    ),
    "a package from a file": (
        "packages",
        {"direct_packages": {"mine": "file:///tmp/mine-1.0-py3-none-any.whl"}},
        "mine: it was installed from a file or folder, and no index has it",
    ),
    "no dataset": ("datasets", {"datasets": []}, "the run recorded no dataset"),
    "a dataset without a digest": (
        "datasets", {"datasets": ["s3://b/x.npz"]}, "s3://b/x.npz: the run recorded no sha256 of it",
    ),
    "a dataset that is only a digest": (
        "datasets", {"datasets": [{"sha256": SHA256}]}, f"sha256:{SHA256}: the run recorded no address of it",
    ),
    "no hyperparameters, and no program that has them": (
        "hyperparameters", {"hyperparameters": None, "entry_point": None}, "the run recorded no hyperparameters",
    ),
    "a masked hyperparameter": (
        "hyperparameters",
        {"hyperparameters": {"hub": {"token": "***"}}},
        "hub.token looked like a credential and was masked",
    ),
    "no seed": ("seeds", {"seeds": None}, "the run recorded no seed"),
    "a masked variable": (
        "environment_variables",
        {"environment": {"XLA_FLAGS": "--key=***"}},
        "XLA_FLAGS looked like a credential and was masked",
    ),
    "no variables, by who recorded no Python either": (
        "environment_variables", {"environment": None, "python": None}, "the run recorded no environment variables",
    ),
    "no machine": ("hardware", {"machine": None}, "the run recorded no machine"),
    "an image by its tag": (
        "image", {"image": {"uri": "e.org/train:1"}}, "the run recorded no digest of it: its tag may be another image by now",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "changes", "why"), NOT_PINNED.values(), ids=NOT_PINNED)
def test_what_was_not_recorded_exactly_is_not_pinned(name: str, changes: dict[str, Any], why: str):
    pin = pins_by_name(run_with(**changes))[name]
    assert (pin.pinned, pin.why) == (False, why)


PINNED: dict[str, tuple[str, dict[str, Any], str]] = {
    "a patch": ("diff", {"code": {"commit": COMMIT, "dirty": True, "diff": DATA}}, f"{DATA['uri']} (sha256 {SHA256})"),
    "a package of a repository": (
        "packages", {"direct_packages": {"mine": f"git+https://example.org/m.git@{COMMIT}"}}, "2, each at its version",
    ),
    "the recorder's own package": (
        "packages", {"direct_packages": {"training-events": "editable file:///x/lambda"}}, "2, each at its version",
    ),
    "an image by its digest": (
        "image", {"image": {"uri": "e.org/train", "digest": "sha256:12"}}, "e.org/train@sha256:12",
    ),
    "arguments in a file": ("arguments", {"arguments": DATA}, f"in {DATA['uri']}: too many for an event"),
    "a program without arguments": ("arguments", {"arguments": None}, "none"),
    "no arguments at all": ("arguments", {"arguments": []}, "none"),
    "variables of which none was set": (
        "environment_variables", {"environment": None}, "none of those that are recorded was set",
    ),
    "an instance": ("hardware", {"instance": {"type": "ml.m5.xlarge", "count": 2}}, "2 of ml.m5.xlarge"),
    "several seeds": ("seeds", {"seeds": {"numpy": 1, "torch": 2}}, "numpy=1, torch=2"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "changes", "value"), PINNED.values(), ids=PINNED)
def test_what_was_recorded_exactly_is_pinned(name: str, changes: dict[str, Any], value: str):
    pin = pins_by_name(run_with(**changes))[name]
    assert (pin.pinned, pin.why, pin.value) == (True, None, value)


def test_what_can_no_longer_be_had_is_not_pinned():
    state = run_with(code={"commit": COMMIT, "dirty": True, "diff": {**DATA, "uri": "s3://bucket/patch"}})
    assert {pin.name: pin.why for pin in pins_of(state, World()) if not pin.pinned} == {
        "code": "no clone has 9a76a5d",
        "diff": "s3://bucket/patch is gone",
        "python": "no Python like 3.12.3",
        "datasets": "s3://bucket/digits.npz: s3://bucket/digits.npz is gone",
        "hardware": "this is no x86_64 Linux",
    }


def test_a_field_that_meant_something_else_before_it_was_one_is_as_if_it_was_not_recorded():
    """Older logs may hold anything by these names."""
    pins = pins_by_name(run_with(machine={"cpu": 1}, direct_packages=["a"], working_folder=[1], reproduces=5))
    assert pins == pins_by_name(run_with(machine=None, direct_packages=None, working_folder=None))


def test_the_python_of_an_image_is_the_images():
    image = {"uri": "e.org/train", "digest": "sha256:12"}
    assert pins_by_name(run_with(image=image), World())["python"].pinned


def test_a_pin_names_the_first_reasons_and_counts_the_others():
    lacking = {f"{number}.bin": "it is binary" for number in range(MAX_REASONS + 2)}
    why = pins_by_name(run_with(code={"commit": COMMIT, "dirty": True, "not_kept": lacking}))["diff"].why
    assert why == "0.bin: it is binary; 1.bin: it is binary; 2.bin: it is binary; and 2 more"


def test_a_run_without_any_result_has_nothing_to_be_verified_by():
    start = make_event("run/a", "TrainingStarted", 1, **SPEC)
    assert pins_by_name(folded(start, END))["results"].why == (
        "the run recorded no metric and kept no file: nothing can verify its reproduction"
    )
    assert pins_by_name(folded(start, METRIC))["results"].why == "the run is running: nobody knows yet what it comes to"
    file = make_event("run/a", "ArtifactSaved", 3, **DATA)
    assert pins_by_name(folded(start, file, END))["results"] == Pin("results", pinned=True, value="1 artifact", why=None)


def test_a_training_job_without_a_recorder_is_pinned_by_what_sagemaker_says():
    job = make_event(
        "run/a",
        "TrainingJobStateChanged",
        1,
        status="Completed",
        arn="arn:aws:sagemaker:eu-central-1:123456789012:training-job/a",
        image={"uri": "e.org/train@sha256:12"},
        instance={"type": "ml.m5.xlarge", "count": 1},
        hyperparameters={"epochs": "8"},
        datasets=["s3://bucket/digits/"],
    )
    pins = pins_by_name(folded(job))
    assert {name: pin.why for name, pin in pins.items() if not pin.pinned} == {
        "datasets": "s3://bucket/digits/: the run recorded no sha256 of it",
        "seeds": "the run recorded no seed",
        "environment_variables": "the run recorded no environment variables",
        "results": "the run recorded no metric and kept no file: nothing can verify its reproduction",
    }
    assert pins["packages"].value == "as the image has it"


@pytest.mark.parametrize("missing", SPEC)
def test_one_field_that_is_missing_leaves_the_others_pinned(missing: str):
    none_of_them: dict[str, set[str]] = {
        "arguments": set(),
        "hyperparameters": set(),
        "environment": set(),
    }  # the program had none
    by_field = {"code": {"code"}, "machine": {"hardware"}, **none_of_them}
    unpinned = {pin.name for pin in pins_of(run_with(**{missing: None})) if not pin.pinned}
    assert unpinned == by_field.get(missing, {missing})
