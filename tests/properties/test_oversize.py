"""Data that is too large for an event becomes small enough. Nothing is lost silently, and the catalogue can still read it."""

from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_events import catalogue
from training_events.canonical import canonical_json
from training_events.catalogue.stored import Stored
from training_events.errors import NotStored
from training_events.recorder.storage.oversize import MAX_CUT_TEXT_LENGTH, MIN_MOVED_BYTES, fit_to_size

STREAM = "run/r"

texts = st.builds(lambda text, times: text * times, st.text("aé\n\x01😀", min_size=1, max_size=4), st.integers(1, 3000))
words = st.sampled_from(["a", "b", "größe"])
mappings = st.dictionaries(words, texts, max_size=3)
addresses = st.builds(
    lambda count: [{"uri": f"s3://b/{number}", "sha256": "0" * 64} for number in range(count)], st.integers(0, 60)
)

DATA: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "TrainingStarted": st.fixed_dictionaries(
        {},
        optional={
            "model": texts,
            "code": st.fixed_dictionaries({"commit": texts}),
            "entry_point": texts,
            "hyperparameters": mappings,
            "seeds": st.integers(0, 9) | mappings,
            "datasets": addresses,
            "packages": mappings,
            "environment": mappings,
            "goals": st.just({f"metric {number}": "maximize" for number in range(99)}),
            "mine": st.lists(texts, max_size=2),
        },
    ),
    "TrainingFailed": st.fixed_dictionaries({}, optional={"error": texts | mappings, "traceback": texts}),
    "CheckpointSaved": st.fixed_dictionaries({"uri": words, "step": st.integers(0, 9)}, optional={"mine/own": texts}),
}
events = st.sampled_from(sorted(DATA)).flatmap(lambda type_: st.tuples(st.just(type_), DATA[type_]))


class Shelf:
    """Keeps contents, each under the name that its reference has."""

    def __init__(self) -> None:
        self.contents: list[tuple[str, bytes]] = []

    def keep(self, content: bytes, name: str) -> Stored:
        self.contents.append((name, content))
        return Stored(f"s3://b/{name}", "v", sha256(content).hexdigest(), len(content))


def full(_content: bytes, _name: str) -> Stored:
    raise NotStored("the shelf is full")


def size(value: Any) -> int:
    return len(canonical_json(value))


@given(events, st.integers(0, 9000))
def test_the_data_fits_unless_nothing_more_can_be_moved(event: tuple[str, dict[str, Any]], max_bytes: int):
    type_, data = event
    shelf, original = Shelf(), canonical_json(data)
    small = fit_to_size(STREAM, data, max_bytes, shelf.keep)
    kept = {content for _, content in shelf.contents}
    assert small.keys() == data.keys()
    for name, value in small.items():
        content = canonical_json(data[name])
        if value == data[name]:
            is_left = size(small) > max_bytes and len(content) >= MIN_MOVED_BYTES
            assert not is_left or name in ("environment", "goals") or isinstance(value, str)
        elif isinstance(value, str):
            assert sha256(content).hexdigest() in value
            assert value[:99] == data[name][:99]
            assert value[-99:] == data[name][-99:]
        else:
            assert content in kept
            assert value == {
                "uri": value["uri"],
                "version_id": "v",
                "sha256": sha256(content).hexdigest(),
                "bytes": len(content),
            }
    catalogue.read(STREAM, type_, 1, canonical_json(small).decode())
    assert canonical_json(data) == original
    assert fit_to_size(STREAM, data, max_bytes, Shelf().keep) == small
    assert small == data or size(data) > max_bytes


@given(events, st.integers(0, 9000))
def test_a_field_that_cannot_be_stored_is_cut_with_its_digest(event: tuple[str, dict[str, Any]], max_bytes: int):
    type_, data = event
    small = fit_to_size(STREAM, data, max_bytes, full)
    for name, value in small.items():
        if value != data[name]:
            digest = sha256(canonical_json(data[name])).hexdigest()
            assert value["sha256"] == digest if isinstance(value, dict) else digest in value
    catalogue.read(STREAM, type_, 1, canonical_json(small).decode())


def test_the_largest_field_is_moved_first_and_no_more_than_necessary():
    shelf = Shelf()
    data = {"hyperparameters": {"a": "x" * 5000}, "packages": {"a": "x" * 9000}, "python": "3.11"}
    small = fit_to_size(STREAM, data, 8000, shelf.keep)
    assert small["hyperparameters"] == data["hyperparameters"]
    assert shelf.contents == [("packages", canonical_json(data["packages"]))]


def test_the_limit_is_exact_to_the_byte():
    data = {"hyperparameters": {"a": "x" * 5000}, "packages": {"a": "x" * 9000}}
    one_moved = size(fit_to_size(STREAM, data, size(data) - 1, Shelf().keep))
    for max_bytes, moved in [(size(data), 0), (size(data) - 1, 1), (one_moved, 1), (one_moved - 1, 2)]:
        shelf = Shelf()
        fit_to_size(STREAM, data, max_bytes, shelf.keep)
        assert len(shelf.contents) == moved


def test_a_traceback_that_cannot_be_stored_keeps_its_beginning_and_its_end(caplog: pytest.LogCaptureFixture):
    trace = "Traceback (most recent call last):\n" + "  deep\n" * 100_000 + "ValueError: the end"
    small = fit_to_size(STREAM, {"error": "ValueError", "traceback": trace}, 200_000, full)
    assert small["traceback"].startswith("Traceback (most recent call last):\n")
    assert small["traceback"].endswith("ValueError: the end")
    assert f"{len(trace) - MAX_CUT_TEXT_LENGTH} characters are cut out here" in small["traceback"]
    (warning,) = caplog.messages
    assert "run/r: traceback" in warning
    assert "the shelf is full" in warning


def test_the_name_of_a_moved_field_can_name_a_file():
    shelf = Shelf()
    fit_to_size(STREAM, {"../é/" * 99: "x" * 5000}, 10, shelf.keep)
    ((name, _),) = shelf.contents
    assert "/" not in name
    assert len(name) <= 100


def test_of_a_dataset_only_the_details_are_moved():
    """A reference in place of a dataset would be another dataset."""
    shelf = Shelf()
    dataset = {"name": "d", "digest": "mlflow:1", "details": {"schema": "x" * 9000}}
    small = fit_to_size(STREAM, {"dataset": dataset, "role": "train"}, 8000, shelf.keep)
    assert shelf.contents == [("dataset.details", canonical_json(dataset["details"]))]
    assert small["dataset"] == {**dataset, "details": {**small["dataset"]["details"], "uri": "s3://b/dataset.details"}}
    assert fit_to_size(STREAM, {"dataset": dataset}, 8000, full) == {"dataset": {**dataset, "details": None}}
