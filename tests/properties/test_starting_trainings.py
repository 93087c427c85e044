"""Whatever is asked for, registered, repeated and delivered in any order: no stream starts twice, and every guard holds."""

from typing import Any, NamedTuple

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from training_events import times
from training_events.event import Event, RecordedEvent
from training_events.projection.projector import Projector
from training_events.stores.event_log import Appended
from training_events.stores.opening import Store
from training_events.training.answer import answer
from training_events.training.asking import refused_event
from training_events.training.decision import Refuse, Start
from training_events.training.recipe import Recipe
from training_events.training.triggers import requests_of

from tests.support.fakes import InMemoryLog, InMemoryReadModels
from tests.support.recipes import recipes_in_memory, text_of_recipe

MAX_RUNNING, MAX_A_DAY = 2, 4
RECIPES = {
    "first": text_of_recipe("raw", max_running=MAX_RUNNING, max_a_day=MAX_A_DAY),
    "second": text_of_recipe("clean", max_running=MAX_RUNNING, max_a_day=MAX_A_DAY),
}
DATASETS = ("raw", "clean")
"""What starts the first recipe, and what starts the second. A run of either recipe may make versions of both."""


class Started(NamedTuple):
    recipe: str
    at: str
    version: str | None


class Trainings(RuleBasedStateMachine):
    """A starter that gets what the log holds: all of it, at any time, in any order, any number of times."""

    @initialize()
    def begin(self) -> None:
        self.now = "2026-11-22T00:00:00.000000Z"
        self.log = InMemoryLog(lambda: self.now)
        self.models = InMemoryReadModels()
        self.projector = Projector(self.log, self.models)
        self.recipes = recipes_in_memory(**RECIPES)
        self.number = 0
        self.started: dict[str, Started] = {}
        self.running: dict[str, str] = {}
        self.makers: dict[str, str | None] = {}
        for dataset in DATASETS:  # without a version of its dataset, a recipe starts nothing
            self.register_version(dataset, None)

    def record(self, event: Event, *, projected: bool = True) -> None:
        assert self.log.append(event) in Appended  # and no Conflict
        if projected:
            self.projector.refold(event.stream)

    def event(self, stream: str, type_: str, data: dict[str, Any], *, seconds_ago: int = 0) -> Event:
        self.number += 1
        self.now = times.later(self.now, 1)
        return Event(f"e-{self.number}", stream, type_, times.later(self.now, -seconds_ago), "tests", data)

    # ---- what happens

    @rule(name=st.sampled_from("abc"), recipe=st.sampled_from(sorted(RECIPES)), seconds_ago=st.sampled_from([0, 0, 5, 4000]))
    def ask(self, name: str, recipe: str, seconds_ago: int) -> None:
        self.record(self.event(f"run/{recipe}-{name}", "TrainingRequested", {"recipe": recipe}, seconds_ago=seconds_ago))

    @rule(data=st.data(), dataset=st.sampled_from(DATASETS), by_run=st.booleans())
    def register(self, data: st.DataObject, dataset: str, by_run: bool) -> None:  # noqa: FBT001 - Hypothesis calls it by name
        self.register_version(dataset, data.draw(st.sampled_from(sorted(self.started))) if by_run and self.started else None)

    def register_version(self, dataset: str, maker: str | None) -> None:
        version = f"v{len(self.makers)}"
        self.makers[version] = maker
        said = {"uri": f"s3://b/{dataset}", "version_id": version}
        self.record(self.event(f"dataset/{dataset}", "DatasetRegistered", said | ({"run": maker} if maker else {})))

    @precondition(lambda self: self.makers)
    @rule(data=st.data())
    def s3_tells_of_it_too(self, data: st.DataObject) -> None:
        known = [it for it in self.log.events() if it.type == "DatasetRegistered"]
        of = data.draw(st.sampled_from(known))
        said = {key: of.data[key] for key in ("uri", "version_id")}
        self.record(self.event(of.stream, of.type, said | {"bytes": 7}, seconds_ago=2))

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        run = data.draw(st.sampled_from(sorted(self.running)))
        del self.running[run]
        self.record(self.event(run, data.draw(st.sampled_from(["TrainingCompleted", "TrainingFailed", "TrainingStopped"])), {}))

    @rule(name=st.sampled_from(sorted(RECIPES)), is_paused=st.booleans())
    def pause_or_resume(self, name: str, is_paused: bool) -> None:  # noqa: FBT001
        if is_paused:
            self.recipes.pause(name, "ada", "why")
        else:
            self.recipes.resume(name)

    @rule(hours=st.sampled_from([1, 9, 25]))
    def time_passes(self, hours: int) -> None:
        self.now = times.hours_after(self.now, hours)

    # ---- what the starter does

    @rule(data=st.data(), share=st.sampled_from([1, 1, 2]))
    def deliver(self, data: st.DataObject, share: int) -> None:
        """All that the log has, or half of it, in any order; what follows from it is delivered too, or another time."""
        events = data.draw(st.permutations(self.log.events()))
        for event in events[: len(events) // share]:
            for request in self.requests_of(event):
                self.record(request)
                if share == 1:
                    self.answer(request)
            self.answer(event)

    def requests_of(self, event: Event) -> list[Event]:
        found = (self.recipes.find(name) for name in self.recipes.names())
        recipes = [recipe for recipe in found if isinstance(recipe, Recipe)]
        requests = requests_of(self.recorded(event), recipes, self.log)
        assert requests == requests_of(self.recorded(event), recipes, self.log)
        return requests

    def recorded(self, event: Event) -> RecordedEvent:
        return next(it for it in self.log.read(event.stream) if it.event == event)

    def answer(self, event: Event) -> None:
        store, recipe = Store(self.log, self.models), event.data.get("recipe")
        running = [run for run, name in self.running.items() if name == recipe]
        match answer(self.recorded(event), store, self.recipes, by="worker", running=running, now=self.now):
            case Start(_, found):
                assert found is not None
                assert found.name == recipe
                self.start(event, found, is_projected=self.number % 2 == 0)
            case Refuse() as refusal:
                self.record(refused_event(event, refusal))
                assert self.log.append(refused_event(event, refusal)) is Appended.REPEATED

    def start(self, request: Event, recipe: Recipe, *, is_projected: bool) -> None:
        assert request.stream not in self.started
        assert request == next(it.event for it in self.log.read(request.stream) if it.event.type == "TrainingRequested")
        assert self.recipes.pause_of(recipe.name) is None
        at_once = [run for run in self.running if self.started[run].recipe == recipe.name]
        assert len(at_once) < MAX_RUNNING
        a_day_ago = times.hours_after(self.now, -24)
        assert sum(it.recipe == recipe.name and it.at > a_day_ago for it in self.started.values()) < MAX_A_DAY
        [version] = [it["version_id"] for it in request.data.get("datasets", [])] or [None]
        assert recipe.name not in self.recipes_behind(version)
        event = self.event(request.stream, "TrainingStarted", {})
        self.started[request.stream] = Started(recipe.name, event.occurred_at, version)
        self.running[request.stream] = recipe.name
        self.record(event, projected=is_projected)

    def recipes_behind(self, version: str | None) -> set[str]:
        """The recipes whose runs led to this version, each started by the version before."""
        behind: set[str] = set()
        while version is not None and (maker := self.makers[version]) is not None:
            behind.add(self.started[maker].recipe)
            version = self.started[maker].version
        return behind

    @invariant()
    def every_refused_run_was_never_started(self) -> None:
        refused = {it.stream for it in self.log.events() if it.type == "TrainingRefused" and it.data["reason"] != "loop"}
        assert not refused & self.started.keys()


TestTrainings = Trainings.TestCase
TestTrainings.settings = settings(max_examples=40, stateful_step_count=30)
