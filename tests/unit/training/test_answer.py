"""What becomes of a request for a training: who starts it, and why it is refused."""

from typing import Any

import pytest
from training_events.errors import BadLogUrl
from training_events.event import Event
from training_events.projection.projector import Projector
from training_events.stores.opening import Store
from training_events.training.answer import answer
from training_events.training.asking import refused_event
from training_events.training.decision import Decision, Done, Refuse, Start

from tests.support.command_line import make_event
from tests.support.fakes import InMemoryLog, InMemoryReadModels
from tests.support.recipes import recipes_in_memory, text_of_recipe

NOW = "2026-11-22T15:10:00.000000Z"
RECIPES = {
    "local": text_of_recipe(),
    "large": text_of_recipe(on_sagemaker=True),
    "digits": text_of_recipe("digits", max_running=2, max_a_day=3),
    "broken": "max_running = 0",
}


class World:
    def __init__(self, *events: Event) -> None:
        self.log, self.models, self.recipes = InMemoryLog(), InMemoryReadModels(), recipes_in_memory(**RECIPES)
        self.record(make_event("dataset/digits", "DatasetRegistered", 0, uri="s3://b/d", version_id="v1", sha256="ab"), *events)

    def record(self, *events: Event) -> None:
        for event in events:
            self.log.append(event)
            Projector(self.log, self.models).refold(event.stream)

    def answer(self, event: Event, by: Any = "worker", *, running: tuple[str, ...] = ()) -> Decision:
        self.record(event)
        [recorded] = [it for it in self.log.read(event.stream) if it.event == event]
        return answer(recorded, Store(self.log, self.models), self.recipes, by=by, running=running, now=NOW)


def request(run: str = "a", second: int = 30, **data: Any) -> Event:
    return make_event(f"run/{run}", "TrainingRequested", second, **data)


def test_a_start_has_all_that_the_training_needs() -> None:
    decision = World().answer(request(recipe="digits", hyperparameters={"epochs": 20}))
    assert isinstance(decision, Start)
    assert decision.recipe is not None
    assert decision.asked.hyperparameters == {"epochs": 20, "optimizer": "sgd"}
    [dataset] = decision.asked.datasets
    assert (dataset.role, dataset.version_id, dataset.sha256) == ("train", "v1", "ab")


def test_what_the_request_pins_stands() -> None:
    pinned = {"uri": "s3://b/d", "version_id": "v0", "role": "train"}
    decision = World().answer(request(recipe="digits", datasets=[pinned]))
    assert isinstance(decision, Start)
    assert [dataset.version_id for dataset in decision.asked.datasets] == ["v0"]


@pytest.mark.parametrize(("recipe", "starter"), [("local", "worker"), ("large", "sagemaker")])
def test_each_starts_only_its_own_kind_of_recipe(recipe: str, starter: str) -> None:
    for by in ("worker", "sagemaker"):
        assert isinstance(World().answer(request(recipe=recipe), by), Start if by == starter else Done)


def test_a_request_in_full_is_for_sagemaker() -> None:
    full = request(request={"TrainingJobName": "a"})
    assert isinstance(World().answer(full, "sagemaker"), Start)
    assert isinstance(World().answer(full, "worker"), Done)


@pytest.mark.parametrize(
    "later",
    ["TrainingStarted", "TrainingCompleted", "TrainingFailed", "TrainingStopped", "TrainingJobStateChanged", "TrainingRefused"],
)
def test_a_stream_that_has_begun_ended_or_was_refused_starts_nothing(later: str) -> None:
    data: dict[str, Any] = {"TrainingJobStateChanged": {"status": "Pending"}, "TrainingRefused": {"reason": "paused"}}.get(
        later, {}
    )
    assert isinstance(World(make_event("run/a", later, 40, **data)).answer(request(recipe="local")), Done)


def test_only_the_first_request_of_a_stream_counts() -> None:
    world = World(request(second=20, recipe="local"))
    assert isinstance(world.answer(request(second=30, recipe="local")), Done)
    assert isinstance(world.answer(request(second=20, recipe="local")), Start)


@pytest.mark.parametrize(
    "event",
    [
        make_event("run/a", "TrainingRequested", 1, model="digits"),
        make_event("run/a", "TrainingRequested", 1, recipe=7),
        make_event("model/a", "TrainingRequested", 1, recipe="local"),
        make_event("run/a", "TrainingStarted", 1),
    ],
)
def test_what_asks_for_no_recipe_starts_nothing(event: Event) -> None:
    assert isinstance(World().answer(event), Done)


@pytest.mark.parametrize(
    ("data", "reason", "field", "text"),
    [
        ({"recipe": "locl"}, "unknown_recipe", "recipe", "there is no recipe 'locl' in memory, but local"),
        ({"recipe": "../local"}, "unknown_recipe", "recipe", "there is no recipe '../local'"),
        ({"recipe": "broken"}, "invalid_recipe", "recipe", "broken.toml: max_running: it is 0; allowed: a whole number"),
        (
            {"recipe": "local", "hyperparameters": {"epohcs": 1}},
            "invalid_request",
            "hyperparameters.epohcs",
            "did you mean epochs?",
        ),
        ({"recipe": "local", "hyperparameters": {"epochs": [1]}}, "invalid_request", "hyperparameters.epochs", "epochs is [1]"),
    ],
)
def test_a_request_that_is_wrong_is_refused_with_its_field(data: dict[str, Any], reason: str, field: str, text: str) -> None:
    decision = World().answer(request(**data))
    assert isinstance(decision, Refuse)
    assert (decision.reason, decision.field) == (reason, field)
    assert text in decision.explanation


def test_a_recipe_and_a_request_in_full_exclude_each_other() -> None:
    decision = World().answer(request(recipe="large", request={}), "sagemaker")
    assert isinstance(decision, Refuse)
    assert decision.reason == "invalid_request"


@pytest.mark.parametrize("name", ["a_b", "é", "-a", "a-", "a" * 64, "a/b"])
def test_a_name_that_no_job_can_have_is_refused_for_sagemaker_only(name: str) -> None:
    decision = World().answer(request(name, recipe="large"), "sagemaker")
    assert isinstance(decision, Refuse)
    assert decision.reason == "invalid_name"
    assert isinstance(World().answer(request(name, recipe="local")), Start)


def test_a_channel_whose_dataset_has_no_version_is_refused() -> None:
    world = World(make_event("dataset/digits", "DatasetRetired", 1))
    decision = world.answer(request(recipe="digits"))
    assert isinstance(decision, Refuse)
    assert (decision.reason, decision.field) == ("invalid_request", "channels.train")


def test_a_paused_recipe_is_refused_with_who_paused_it() -> None:
    world = World()
    world.recipes.pause("local", "ada", "wrong labels")
    decision = world.answer(request(recipe="local"))
    assert isinstance(decision, Refuse)
    assert decision.reason == "paused"
    assert "by ada" in decision.explanation
    assert "wrong labels" in decision.explanation


def running(run: str, second: int) -> list[Event]:
    return [request(run, second, recipe="digits"), make_event(f"run/{run}", "TrainingStarted", second + 10)]


def refusal_of_digits(world: World, **more: Any) -> str | None:
    decision = world.answer(request(recipe="digits"), **more)
    if isinstance(decision, Refuse):
        assert decision.reason == "over_budget"
        return decision.field
    assert isinstance(decision, Start)
    return None


def test_no_more_run_at_once_than_the_recipe_allows() -> None:
    assert refusal_of_digits(World(*running("b", 1))) is None
    assert refusal_of_digits(World(*running("b", 1), *running("c", 2))) == "max_running"
    assert refusal_of_digits(World(*running("b", 1), *running("c", 2), make_event("run/c", "TrainingFailed", 13))) is None


def test_what_was_just_started_counts_before_the_read_models_know() -> None:
    assert refusal_of_digits(World(*running("b", 1)), running=("run/c",)) == "max_running"
    assert refusal_of_digits(World(*running("b", 1)), running=("run/b", "run/a")) is None


def test_of_requests_that_wait_the_earlier_ones_count() -> None:
    earlier, later = (request("b", 1, recipe="digits"), request("c", 2, recipe="digits")), request("d", 40, recipe="digits")
    assert refusal_of_digits(World(*earlier)) == "max_running"
    assert refusal_of_digits(World(earlier[0], later)) is None


def test_no_more_run_in_a_day_than_the_recipe_allows() -> None:
    ended = [event for n in "bcd" for event in (*running(n, 1), make_event(f"run/{n}", "TrainingCompleted", 12))]
    assert refusal_of_digits(World(*ended[:-3])) is None
    assert refusal_of_digits(World(*ended)) == "max_a_day"


def test_a_version_that_the_recipe_made_is_a_loop_at_the_start_too() -> None:
    """S3's word may have asked before the run could tell that it made the version."""
    world = World(
        request("digits-1", 1, recipe="digits"),
        make_event("run/digits-1", "TrainingStarted", 2),
        make_event("dataset/digits", "DatasetRegistered", 3, uri="s3://b/d", version_id="v2"),
        make_event("dataset/digits", "DatasetRegistered", 4, uri="s3://b/d", version_id="v2", run="run/digits-1"),
    )
    cause = {"stream": "dataset/digits", "event_id": "e-03", "occurred_at": "2026-11-22T15:08:03.000000Z"}
    decision = world.answer(request(recipe="digits", caused_by=cause))
    assert isinstance(decision, Refuse)
    assert decision.reason == "loop"


def test_a_refusal_is_the_same_event_each_time_and_stands_in_the_runs_stream() -> None:
    event = request(recipe="locl")
    decision = World().answer(event)
    assert isinstance(decision, Refuse)
    refused = refused_event(event, decision)
    assert refused == refused_event(event, decision)
    assert (refused.stream, refused.occurred_at, refused.data["request"]) == (event.stream, event.occurred_at, event.event_id)
    assert refused.event_id != refused_event(event, Refuse("paused", "why")).event_id


def test_without_read_models_nobody_knows_what_runs() -> None:
    world = World()
    world.record(request(recipe="local"))
    [recorded] = world.log.read("run/a")
    with pytest.raises(BadLogUrl, match="add"):
        answer(recorded, Store(world.log, None), world.recipes, by="worker")
