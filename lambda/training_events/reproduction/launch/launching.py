"""Does a run again on this machine, as a run of its own."""

from __future__ import annotations

import os
import platform
import shlex
import signal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TextIO, cast

import msgspec

from training_events.catalogue import CATALOGUE
from training_events.catalogue.stored import Stored
from training_events.errors import NotFetched, NotLaunched
from training_events.recorder.storage.content_store import ContentStore
from training_events.recorder.storage.fetching import fetched
from training_events.reproduction.launch import program
from training_events.reproduction.launch.checkout import Checkout
from training_events.reproduction.launch.data import DataPlacer
from training_events.reproduction.launch.processes import Processes
from training_events.reproduction.launch.stopping import Stopped, StopSignals
from training_events.reproduction.launch.virtual_environment import VirtualEnvironment
from training_events.reproduction.launch.waiting import shown_while_waiting
from training_events.settings import LAPTOP_LOG, Settings
from training_events.stores.address import SqliteFile, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from training_events.catalogue.run import TrainingStarted
    from training_events.folds.run_state import RunState

_MAY_BE_ELSEWHERE = ("arguments", "packages", "environment", "direct_packages")
"""Fields that may have been too large for the event of the start. Then it has only a reference to each."""


def launch(
    state: RunState,
    *,
    patch: Stored | None,
    new_run: str,
    log: str,
    out: TextIO,
    allowed: Collection[str] = (),
    before_start: Callable[[], object] = lambda: None,
) -> int:
    """Do the run again as the run `new_run`. Returns the exit code of its program.

    `patch` is the kept patch of what the commit lacks, if it is to be applied. `log` is the address of the log that is
    recorded to; an empty one leaves that to the environment. `out` gets a line for each step, and then what the program prints.
    `allowed` are pins that need not be as recorded: with `diff`, a patch that cannot be had is left out; with `datasets`, data
    is read as it is now. `before_start` is called once all that the run needs is there.

    Nothing is left behind but what is recorded. Raises NotLaunched for what cannot be had, BadLogUrl, and after a signal
    KeyboardInterrupt or SystemExit.
    """
    address = log or _address_of_environment()
    code = 0
    with StopSignals() as stops:
        try:
            with TemporaryDirectory(prefix="training-events-launch-") as folder:
                launched = _Launch(state, Path(folder).resolve(), stops, out, _beside(address))
                launched.prepare(patch, allowed)
                before_start()
                code = launched.run(new_run, _recording_to(address, is_given=bool(log)))
        except Stopped:
            pass
    if stops.received is None:
        return code if code >= 0 else 128 - code  # as a shell has it
    print(f"stopped by {stops.received.name}: what was started has ended, and its folder is removed", file=out, flush=True)
    if stops.received is signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + stops.received)


class _Launch:
    """What one launch works on, in a folder that is removed afterwards."""

    def __init__(self, state: RunState, folder: Path, stops: StopSignals, out: TextIO, beside: ContentStore | None) -> None:
        self._state, self._folder, self._stops, self._out, self._beside = state, folder, stops, out, beside
        # here, because nobody removes the temporary files of what is killed
        self._temporary = {"TMPDIR": str(folder)}
        self._processes = Processes(stops, program.tools_variables(os.environ) | self._temporary)
        self._environment = VirtualEnvironment(folder / "environment", self._processes)
        self._spec = self._read_spec()
        self._entry_point = program.require_program(self._spec.entry_point)
        self._checkout = Checkout(self._spec, folder, self._processes)
        self._channels: dict[str, str] = {}

    def prepare(self, patch: Stored | None, allowed: Collection[str]) -> None:
        """Bring back all that the run needs. Raises NotLaunched."""
        self._say(f"code: {self._checkout.description}{', with the changes that it lacks' if patch else ''}")
        kept = None if patch is None else self._fetch_patch(patch, is_needed="diff" not in allowed)
        with shown_while_waiting("git checks it out"):
            self._checkout.make(kept)
        self._make_environment()
        by_recipe = self._state.recipe is not None
        data = DataPlacer(
            self._checkout,
            self._environment.site_packages(),
            self._folder / "channels",
            reads_channels=by_recipe,
            takes_others="datasets" in allowed,
        )
        for dataset in self._state.lineage.datasets:
            with self._stops.raised():
                self._say(f"data: {data.place(dataset)}")
        with self._stops.raised():
            self._channels = data.variables()
        if by_recipe:  # as a worker and SageMaker's training toolkit have it
            self._channels["SM_HPS"] = msgspec.json.encode(self._state.hyperparameters).decode()

    def run(self, new_run: str, recording: dict[str, str]) -> int:
        """The exit code of the program; negative after a signal. Raises NotLaunched."""
        spec, root = self._spec, self._checkout.folder
        working_folder = self._checkout.working_folder
        working_folder.mkdir(parents=True, exist_ok=True)  # git keeps no empty folders
        arguments = spec.arguments if isinstance(spec.arguments, list) else []
        command = program.command(self._entry_point, arguments, self._environment, root, working_folder)
        recorded = {name: str(value) for name, value in (spec.environment or {}).items()}
        variables = program.variables(recorded, self._environment, os.environ) | self._channels | recording | self._temporary
        variables |= {"TRAINING_EVENTS_RUN": new_run, "TRAINING_EVENTS_REPRODUCES": self._state.stream}
        self._say(f"program: {shlex.join([Path(command[0]).name, *command[1:]])}")
        return self._processes.run(command, working_folder, variables, self._out.fileno())

    def _read_spec(self) -> TrainingStarted:
        if self._state.spec is None:
            raise NotLaunched(f"{self._state.stream} has never started: nothing is recorded that could be done again")
        try:
            spec = {
                name: self._in_full(name, value) if name in _MAY_BE_ELSEWHERE else value
                for name, value in self._state.spec.items()
            }
            return cast("TrainingStarted", CATALOGUE["run"]["TrainingStarted"].convert(spec))
        except msgspec.MsgspecError as flaw:
            raise NotLaunched(f"what {self._state.stream} has recorded of its start is not understood: {flaw}") from None

    def _in_full(self, name: str, value: Any) -> Any:
        if not isinstance(value, dict) or not str(value.get("uri")).startswith(("s3://", "file://")):
            return value
        return msgspec.json.decode(self._fetch(msgspec.convert(value, Stored), name).read_bytes())

    def _make_environment(self) -> None:
        packages = {name: str(version) for name, version in (self._spec.packages or {}).items()}
        if not packages:
            raise NotLaunched("the run has recorded no packages: there is nothing to make its environment of")
        python = self._spec.python or platform.python_version()
        self._say(f"environment: Python {python}, {len(packages)} packages")
        with shown_while_waiting("uv looks for Python"):
            made = self._environment.make(python)
        if made != python:
            self._say(f"environment: Python {python} cannot be had here: it is {made} instead")
        with shown_while_waiting("uv installs the packages"):
            self._environment.install(packages, self._spec.direct_packages or {}, self._checkout.place_of)

    def _fetch_patch(self, patch: Stored, *, is_needed: bool) -> Path | None:
        try:
            return self._fetch(patch, "patch")
        except NotLaunched as flaw:
            if is_needed:
                raise
            self._say(f"code: without the changes that it lacks: {flaw}")
            return None

    def _fetch(self, stored: Stored, name: str) -> Path:
        try:
            with self._stops.raised():
                return fetched(stored, self._folder / "kept" / name, beside=self._beside)
        except NotFetched as error:
            raise NotLaunched(f"the {name} {error}") from None

    def _say(self, text: str) -> None:
        print(text, file=self._out, flush=True)


def _address_of_environment() -> str:
    """That of the log, also where events go there by a bus. Empty if only the bus is known."""
    settings = Settings()
    return settings.optional("log") or ("" if settings.optional("bus") else LAPTOP_LOG)


def _recording_to(address: str, *, is_given: bool) -> dict[str, str]:
    """The variables that let the new run record to the log at `address`. A given one goes before a bus."""
    variables = {"TRAINING_EVENTS_BUS": ""} if is_given else {}
    if not address:
        return variables
    parsed = parse(address)
    # absolute: the program runs in another folder
    return variables | {"TRAINING_EVENTS_LOG": f"sqlite:///{parsed.path}" if isinstance(parsed, SqliteFile) else address}


def _beside(address: str) -> ContentStore | None:
    parsed = parse(address) if address else None
    return ContentStore(parsed.files) if isinstance(parsed, SqliteFile) else None
