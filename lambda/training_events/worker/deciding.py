"""Makes a task of the request in a stream, as training/decision.py decides; what is refused is recorded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from training_events.catalogue.run import TrainingRequested
from training_events.stores.opening import Store
from training_events.training.answer import answer
from training_events.training.asking import refused_event
from training_events.training.decision import Refuse, Start
from training_events.training.recorded import fact_of
from training_events.worker.note import Note
from training_events.worker.task import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from training_events.event import Event
    from training_events.reading.opening import Sources
    from training_events.training.recipe_store import RecipeStore


class Decider:
    """`send` records an event, and `tell` gets what is refused."""

    def __init__(
        self, sources: Sources, recipes: RecipeStore, send: Callable[[Event], object], tell: Callable[[Note], object]
    ) -> None:
        self._store = Store(sources.log, sources.read_models)
        self._recipes, self._send, self._tell = recipes, send, tell

    def __call__(self, stream: str, running: Iterable[Task]) -> Task | None:
        """The task that the stream asks for. None where this machine has nothing to start: then it is refused, or another's.

        `running` are the tasks of this machine: the log may not have their starts yet.
        """
        request = next((it for it in self._store.log.read(stream) if fact_of(it, TrainingRequested) is not None), None)
        if request is None:
            return None
        decision = answer(request, self._store, self._recipes, by="worker", running={task.stream for task in running})
        if isinstance(decision, Refuse):
            self._send(refused_event(request.event, decision))
            self._tell(Note(stream, "refused", decision.explanation))
        if not isinstance(decision, Start) or decision.recipe is None or decision.recipe.command is None:
            return None
        return Task(
            stream=stream,
            recipe=decision.recipe.name,
            command=decision.recipe.command,
            folder=str(Path.cwd()),
            hyperparameters=decision.asked.hyperparameters or {},
            datasets=decision.asked.datasets,
            environment=decision.recipe.environment,
            reproduces=decision.asked.reproduces,
        )
