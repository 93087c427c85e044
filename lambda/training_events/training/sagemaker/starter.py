"""The training starter: acts on recorded events, by starting training jobs and by publishing what else follows.

An event on the bus is only a hint. What is acted on is what the log holds under its key: what the log refuses starts nothing,
and what it does not hold yet is waited for.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from training_events import times
from training_events.catalogue.run import TrainingRequested
from training_events.errors import NotRecordedYet, NotStartable, NotStored
from training_events.recordable import check_recordable
from training_events.stores.event_log import check_due
from training_events.teams import Teams
from training_events.training.answer import answer
from training_events.training.asking import refused_event
from training_events.training.decision import Done, Refuse, Start
from training_events.training.recipe import Recipe
from training_events.training.recorded import fact_of
from training_events.training.sagemaker.job_request import request_for
from training_events.training.sagemaker.pinned_inputs import store_inputs
from training_events.training.sagemaker.starting import instances_of
from training_events.training.triggers import requests_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mypy_boto3_s3 import S3Client

    from training_events.bus.publisher import EventBusPublisher
    from training_events.event import Event, RecordedEvent
    from training_events.stores.event_log import EventLog
    from training_events.stores.opening import Store
    from training_events.training.decision import Decision
    from training_events.training.recipe_store import RecipeStore
    from training_events.training.sagemaker.starting import TrainingJobs

LOG_PAUSES_SECONDS = (0.0, 0.2, 0.5, 1.0, 2.0, 4.0)
"""The event processor gets the event at the same moment, and needs less than a second with a warm function."""


class Acted(Struct, frozen=True):
    """What became of an event. `published` are the events that follow from it."""

    outcome: Literal["started", "refused", "requested", "nothing", "not_recorded"]
    reason: str | None = None
    explanation: str | None = None
    published: list[Event] = []


class Starter:
    """Acts on events. To act on one again changes nothing: neither on a repeat, nor on a replay.

    `role` is the ARN of the role of every job; one of a team has that of its team, with `-<team>` at the end. A job writes
    into `bucket`, which also gets copies of what it reads. `variables` are the environment variables of its recorder.
    """

    def __init__(
        self,
        store: Store,
        recipes: RecipeStore,
        publisher: EventBusPublisher,
        jobs: TrainingJobs,
        s3: S3Client,
        *,
        role: str,
        bucket: str,
        variables: Mapping[str, str],
        max_instances: int,
        teams: Teams | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store, self._recipes, self._publisher = store, recipes, publisher
        self._jobs, self._s3, self._max_instances = jobs, s3, max_instances
        self._role, self._bucket, self._variables = role, bucket, variables
        self._teams = Teams({}) if teams is None else teams
        self._sleep = sleep

    def act(self, event: Event) -> Acted:
        """Raises a NotRecordable for an event that no log takes, NotRecordedYet, and whatever AWS answers that may change."""
        recorded = self._recorded(event)
        if recorded is None:
            return Acted("not_recorded", explanation="the log holds other content under its key")
        if event.type == "DatasetRegistered":
            requests = requests_of(recorded, self._readable_recipes(), self._store.log)
            self._publisher.publish(requests)
            return Acted("requested" if requests else "nothing", published=requests)
        return self._answer(recorded)

    def _recorded(self, event: Event) -> RecordedEvent | None:
        """The event as the log holds it; None where the log holds another one in its place."""
        for pause in LOG_PAUSES_SECONDS:
            self._sleep(pause)
            if (found := at_position(self._store.log, event)) is not None:
                return found if found.digest == event.digest else None
        check_recordable(event)
        check_due(event, times.now())
        raise NotRecordedYet(f"{event.stream} has no event {event.event_id} of {event.occurred_at} yet")

    def _answer(self, request: RecordedEvent) -> Acted:
        asked = fact_of(request, TrainingRequested)
        jobs = self._jobs.running()
        streams = [f"run/{job.name}" for job in jobs if asked is not None and asked.recipe and job.recipe == asked.recipe]
        decision: Decision | None = answer(request, self._store, self._recipes, by="sagemaker", running=streams)
        if isinstance(decision, Start):
            others = sum(job.instances for job in jobs if f"run/{job.name}" != request.event.stream)
            decision = self._start(request.event, decision, others)
        if isinstance(decision, Refuse) and self._was_started(request.event, decision):
            decision = Done("its training job was created already")
        if isinstance(decision, Refuse):
            refusal = refused_event(request.event, decision)
            self._publisher.publish([refusal])
            return Acted("refused", decision.reason, decision.explanation, [refusal])
        return Acted("started") if decision is None else Acted("nothing", explanation=decision.why)

    def _was_started(self, request: Event, refusal: Refuse) -> bool:
        """Whether an earlier attempt has created the job: since then, the recipe may be paused or changed, or an input gone."""
        return refusal.reason != "invalid_name" and self._jobs.has_created(
            request.stream.removeprefix("run/"), request.event_id
        )

    def _start(self, request: Event, start: Start, instances: int) -> Done | Refuse | None:
        """None if a new job is created. `instances` are those of the environment's other jobs."""
        owner, variables = self._teams.owner_of(request.stream), dict(self._variables)
        if owner is not None:
            variables["TRAINING_EVENTS_SOURCE"] = self._teams.source_of(request.stream, "")
        try:
            job = request_for(
                start.recipe,
                start.asked,
                name=request.stream.removeprefix("run/"),
                role=self._role if owner is None else f"{self._role}-{owner}",
                bucket=self._bucket,
                environment=variables,
            )
        except NotStartable as flaw:
            return Refuse("invalid_request", str(flaw), flaw.field)
        if (needed := instances_of(job.request)) == 0:
            text = "how many instances it takes is not known before, so max_instances cannot hold it; allowed: ResourceConfig"
            return Refuse("over_budget", text, "ServerlessJobConfig")
        if instances + needed > self._max_instances:
            text = f"it needs {needed}, and {instances} of the {self._max_instances} instances of this environment are in use"
            return Refuse("over_budget", text, "max_instances")
        try:
            store_inputs(job, self._s3)
        except NotStored as why:
            return Refuse("invalid_request", str(why), "InputDataConfig")
        return self._jobs.create(job.request, asked_by=request.event_id, recipe=start.recipe.name if start.recipe else None)

    def _readable_recipes(self) -> Iterator[Recipe]:
        """A recipe with a mistake waits for nothing: it cannot be known for what."""
        for name in self._recipes.names():
            if isinstance(found := self._recipes.find(name), Recipe):
                yield found


def at_position(log: EventLog, event: Event) -> RecordedEvent | None:
    """What the log holds in the event's place."""
    for found in log.read(event.stream, after=event.position[:-1]):
        if found.event.position >= event.position:
            return found if found.event.position == event.position else None
    return None
