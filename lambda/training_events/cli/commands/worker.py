"""`training-events worker`: runs the recipes that events ask for, as processes on this machine."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from training_events.cli.output import print_document
from training_events.cli.recording import ToLog, send
from training_events.cli.workspace import AsJson
from training_events.reading.opening import open_sources
from training_events.reading.wording.text import printable
from training_events.settings import LAPTOP_LOG, Settings
from training_events.stores.address import SqliteFile, parse
from training_events.training.recipe_store import open_recipes
from training_events.worker.dataset_versions import DatasetVersions
from training_events.worker.deciding import Decider
from training_events.worker.note import Note
from training_events.worker.task import worker_folder
from training_events.worker.worker import Worker

if TYPE_CHECKING:
    from types import FrameType

    from training_events.event import Event


class WorkerDocument(Struct):
    """What a worker did, once it has ended. `recipes` are names, `place` is where they are; `running` are runs that go on."""

    log: str
    place: str
    recipes: list[str]
    notes: list[Note]
    running: list[str]


def worker(
    once: Annotated[bool, typer.Option("--once", help="Do all that is there, wait until it has ended, and end.")] = False,
    log: ToLog = "",
    as_json: AsJson = False,
) -> None:
    """Run the trainings that are requested in the log.

    A request names a recipe; one with a `command` is run here, as a process of its own, in this folder. It records itself. The
    worker also requests trainings for new versions of datasets, as recipes say. It goes on until Ctrl-C.

    What a worker has started goes on when the worker ends, and records its own end. The next worker on this machine waits for
    it, and starts it again if its process has died. Several workers may share a log on one machine: each training runs once.

    For example:
      training-events worker
      training-events worker --once
      training-events worker --once --json
    """
    url = _record_in(log)
    signal.signal(signal.SIGTERM, _end)
    settings, sources = Settings(), open_sources(url)
    folder, recipes = worker_folder(settings, url), open_recipes(settings.recipes)
    document = WorkerDocument(url, recipes.place, recipes.names(), [], [])

    def record(event: Event) -> None:
        send([event], log)

    def tell(note: Note) -> None:
        document.notes.append(note)
        if not as_json:
            print(printable(str(note)), flush=True)

    versions = DatasetVersions(sources, recipes, folder, record)
    decider = Decider(sources, recipes, record, tell)
    working = Worker(sources, folder, decide=decider, ask=versions.request_trainings, tell=tell, warn=_warn)
    if not as_json:
        print(printable(f"recipes of {recipes.place}: {', '.join(document.recipes) or 'none yet'}"), flush=True)
    try:
        working.work(once=once)
    except KeyboardInterrupt:
        runs = ", ".join(sorted(working.running))
        goes_on = f"; what it has started goes on, and the next worker waits for it: {runs}" if runs else ""
        _warn(f"the worker has ended{goes_on}")
        raise
    finally:
        document.running.extend(sorted(working.running))
        if as_json and not isinstance(sys.exception(), Exception):  # an error is one line, and no document
            print_document(document)


def _record_in(log: str) -> str:
    """The address of the log, absolute: programs run elsewhere. The processes of runs find it in the environment."""
    url = log or Settings().optional("log") or LAPTOP_LOG
    if isinstance(place := parse(url), SqliteFile):
        url = f"sqlite:///{place.path}"
    os.environ["TRAINING_EVENTS_LOG"] = url
    if log:
        os.environ.pop("TRAINING_EVENTS_BUS", None)
    return url


def _end(_signum: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _warn(line: str) -> None:
    print(f"training-events: {' '.join(printable(line).split())}", file=sys.stderr, flush=True)
