"""What a new version of a dataset starts."""

from typing import Any

import pytest
from training_events.event import Event, RecordedEvent
from training_events.stores.event_log import Appended
from training_events.training.recipe import Recipe, read_recipe
from training_events.training.triggers import MAX_STEPS, requests_of

from tests.support.command_line import make_event
from tests.support.fakes import InMemoryLog
from tests.support.recipes import text_of_recipe

VERSION = {"uri": "s3://data/datasets/raw/a.npz", "version_id": "v1"}
TRAIN = read_recipe("train", text_of_recipe("raw"))


def recorded(log: InMemoryLog, event: Event) -> RecordedEvent:
    log.append(event)
    return next(it for it in log.read(event.stream) if it.event == event)


def register(log: InMemoryLog, second: int, dataset: str = "raw", **said: Any) -> RecordedEvent:
    return recorded(log, make_event(f"dataset/{dataset}", "DatasetRegistered", second, **said))


def asked(log: InMemoryLog, registered: RecordedEvent, *recipes: Recipe) -> list[Event]:
    """What follows, which the log then has."""
    events = requests_of(registered, recipes or [TRAIN], log)
    assert all(log.append(event) is Appended.RECORDED for event in events)
    return events


def test_a_new_version_is_pinned_in_the_request_which_says_what_caused_it() -> None:
    log = InMemoryLog()
    registered = register(log, 1, **VERSION, sha256="ab", bytes=7)
    [request] = asked(log, registered)
    assert (request.type, request.occurred_at) == ("TrainingRequested", registered.recorded_at)
    assert request.data == {
        "recipe": "train",
        "datasets": [{**VERSION, "sha256": "ab", "bytes": 7, "role": "train"}],
        "caused_by": {"stream": "dataset/raw", "event_id": "e-01", "occurred_at": registered.event.occurred_at},
    }


def test_the_words_of_s3_and_of_the_recorder_on_one_version_ask_once() -> None:
    for first, second in (({"bytes": 7}, {"sha256": "ab"}), ({"sha256": "ab"}, {"bytes": 7})):
        log = InMemoryLog()
        assert len(asked(log, register(log, 2, **VERSION, **first))) == 1
        assert asked(log, register(log, 1, **VERSION, **second)) == []


def test_both_words_ask_in_one_stream_when_neither_knows_of_the_other() -> None:
    log = InMemoryLog()
    by_s3, by_recorder = register(log, 1, **VERSION, bytes=7), register(log, 2, **VERSION, sha256="ab")
    [one], [other] = requests_of(by_s3, [TRAIN], log), requests_of(by_recorder, [TRAIN], log)
    assert one.stream == other.stream
    assert [log.append(event) for event in (one, other, other, one)] == [Appended.RECORDED] * 2 + [Appended.REPEATED] * 2


@pytest.mark.parametrize("other", [{"version_id": "v2"}, {"uri": "s3://data/datasets/raw/b.npz"}])
def test_another_version_is_another_run(other: dict[str, str]) -> None:
    log = InMemoryLog()
    [one] = asked(log, register(log, 1, **VERSION))
    [two] = asked(log, register(log, 2, **{**VERSION, **other}))
    assert one.stream != two.stream


def test_on_a_laptop_the_content_tells_versions_apart() -> None:
    log = InMemoryLog()
    [one] = asked(log, register(log, 1, uri="file:///a", sha256="ab"))
    assert asked(log, register(log, 2, uri="file:///a", sha256="ab")) == []
    [two] = asked(log, register(log, 3, uri="file:///a", sha256="cd"))
    assert one.stream != two.stream


def test_only_a_recipe_that_waits_for_the_dataset_is_asked_for() -> None:
    recipes = [read_recipe("other", text_of_recipe("clean")), read_recipe("by-hand", text_of_recipe()), TRAIN]
    log = InMemoryLog()
    [request] = asked(log, register(log, 1, **VERSION), *recipes)
    assert request.data["recipe"] == "train"


@pytest.mark.parametrize(
    "event", [make_event("dataset/raw", "DatasetRetired"), make_event("dataset/raw", "DatasetRegistered", uri=[])]
)
def test_anything_else_asks_for_nothing(event: Event) -> None:
    log = InMemoryLog()
    assert asked(log, recorded(log, event)) == []


def test_the_name_of_the_run_can_be_that_of_a_training_job() -> None:
    log = InMemoryLog()
    recipe = read_recipe("a_" * 25, text_of_recipe("raw"))
    [request] = asked(log, register(log, 1, **VERSION), recipe)
    name = request.stream.removeprefix("run/")
    assert len(name) <= 63
    assert "_" not in name


# ---- loops


def refusal(log: InMemoryLog, registered: RecordedEvent, recipe: Recipe = TRAIN) -> str:
    [event] = asked(log, registered, recipe)
    assert (event.type, event.data["reason"]) == ("TrainingRefused", "loop")
    assert requests_of(registered, [recipe], log) == []
    return str(event.data["explanation"])


def test_what_a_run_of_the_recipe_made_never_starts_it() -> None:
    log = InMemoryLog()
    log.append(make_event("run/train-1", "TrainingRequested", 1, recipe="train"))
    made = register(log, 2, **VERSION, run="run/train-1")
    assert refusal(log, made) == "the data comes of run/train-1, which the recipe train started"


def test_s3_does_not_know_who_made_a_version_but_the_log_does() -> None:
    log = InMemoryLog()
    log.append(make_event("run/train-1", "TrainingRequested", 1, recipe="train"))
    register(log, 3, **VERSION, run="train-1")
    refusal(log, register(log, 2, **VERSION, bytes=7))


def chain(log: InMemoryLog, steps: int) -> RecordedEvent:
    """A run of `train` makes a version, which starts a run of another recipe that makes the next one, and so on."""
    log.append(make_event("run/0", "TrainingRequested", 0, recipe="train"))
    for step in range(1, steps + 1):
        made = register(log, step, f"step-{step}", uri=f"s3://b/{step}", version_id="v", run=f"run/{step - 1}")
        cause = {key: getattr(made.event, key) for key in ("stream", "event_id", "occurred_at")}
        log.append(make_event(f"run/{step}", "TrainingRequested", step, recipe=f"recipe-{step}", caused_by=cause))
    return register(log, 59, **VERSION, run=f"run/{steps}")


@pytest.mark.parametrize("steps", [1, 2, MAX_STEPS - 1])
def test_a_loop_over_other_recipes_is_found(steps: int) -> None:
    log = InMemoryLog()
    assert "run/0 (over run/" in refusal(log, chain(log, steps))


def test_a_chain_without_an_end_is_taken_for_a_loop() -> None:
    log = InMemoryLog()
    assert f"more than {MAX_STEPS} trainings" in refusal(log, chain(log, MAX_STEPS), read_recipe("new", text_of_recipe("raw")))


def test_a_recipe_outside_of_the_chain_is_asked_for() -> None:
    log = InMemoryLog()
    [request] = asked(log, chain(log, 2), read_recipe("new", text_of_recipe("raw")))
    assert request.type == "TrainingRequested"


def test_a_run_that_a_person_asked_for_in_between_ends_the_chain() -> None:
    log = InMemoryLog()
    log.append(make_event("run/train-1", "TrainingRequested", 1, recipe="train"))
    register(log, 2, "clean", uri="s3://b/c", version_id="v", run="run/train-1")
    log.append(make_event("run/clean-1", "TrainingRequested", 3, recipe="clean"))
    [request] = asked(log, register(log, 4, **VERSION, run="run/clean-1"))
    assert request.type == "TrainingRequested"


def test_what_does_a_run_again_counts_as_that_run() -> None:
    log = InMemoryLog()
    log.append(make_event("run/train-1", "TrainingRequested", 1, recipe="train"))
    log.append(make_event("run/again", "TrainingStarted", 2, reproduces="run/train-1"))
    refusal(log, register(log, 3, **VERSION, run="run/again"))


def test_a_late_request_for_another_recipe_hides_no_loop() -> None:
    log = InMemoryLog()
    log.append(make_event("run/train-1", "TrainingRequested", 2, recipe="train"))
    log.append(make_event("run/train-1", "TrainingRequested", 1, recipe="other"))
    refusal(log, register(log, 3, **VERSION, run="run/train-1"))


def test_what_is_told_late_is_asked_for_when_the_log_learns_of_it() -> None:
    """An old history of versions counts against the budgets of the day on which it is recorded."""
    log = InMemoryLog()
    late = recorded(log, Event("e", "dataset/raw", "DatasetRegistered", "2020-01-01T00:00:00.000000Z", "tests", VERSION))
    [request] = asked(log, late)
    assert request.occurred_at == late.recorded_at
    assert request.data["caused_by"]["occurred_at"] == "2020-01-01T00:00:00.000000Z"
