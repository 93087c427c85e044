"""`training-events reproduce RUN`: tells what of a run is pinned and what is not, and what does it again."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from msgspec import Struct

from training_events.cli import completion
from training_events.cli.output import print_document, with_all_keys
from training_events.cli.progress import progress_after
from training_events.cli.style import YELLOW
from training_events.cli.table import print_fields
from training_events.cli.workspace import AsJson, LogUrl, open_current_workspace
from training_events.errors import Misused, NotReproduced
from training_events.folds.run_state import Reproduction
from training_events.reading.opening import url_to_read
from training_events.reading.states import state_of
from training_events.reading.stream_names import stream_of_kind
from training_events.reading.wording.text import printable
from training_events.reproduction.new_run import name_of_reproduction
from training_events.reproduction.pinned_spec import is_training_job
from training_events.reproduction.pins import PINS, Pin, not_pinned, pins_of, with_reasons
from training_events.stores.address import SqliteFile
from training_events.stores.near_names import near_names
from training_events.stores.sqlite.event_log import SqliteLog

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from training_events.cli.reproducing import Judged
    from training_events.folds.run_state import RunState
    from training_events.reading.opening import Sources
    from training_events.reproduction.sagemaker_request import JobAgain

_NOT_PINNED = "not pinned: "


class ReproduceDocument(Struct):
    """`unpinned` are the names of the `pins` that are not pinned, and `allowed` those of them that the caller allowed.

    `commands` do the run again, typed one after the other. Of a training job they send `request`, which is SageMaker's
    CreateTrainingJob request. `reproduction` is what came of one that was done, by --launch or with --judge.
    """

    run: str
    pins: list[Pin]
    unpinned: list[str]
    allowed: list[str]
    commands: list[str]
    request: dict[str, Any] | None
    reproduction: Reproduction | None


def reproduce(
    run: Annotated[str, typer.Argument(help="run/<id>", metavar="RUN", autocompletion=completion.runs)],
    launch: Annotated[bool, typer.Option("--launch", help="Do it again, and record whether it gives the same.")] = False,
    allow_unpinned: Annotated[
        list[str] | None,
        typer.Option("--allow-unpinned", metavar="NAME", help="Go on although this is not pinned. Several: give it again."),
    ] = None,
    judge: Annotated[
        str | None,
        typer.Option(
            "--judge",
            metavar="RUN2",
            help="Record whether this run, which did it again, gives the same.",
            autocompletion=completion.runs,
        ),
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="By how much values may differ: as a share of the larger one. Default: not at all."),
    ] = None,
    log: LogUrl = "",
    as_json: AsJson = False,
) -> None:
    """Tell what of a run is pinned, and do it again.

    Each line is one thing that decides what a run comes to, as the run recorded it, and whether it is pinned: known exactly,
    and still to be had. What a run did not record is not pinned. If something is neither pinned nor allowed to be unpinned,
    the exit code is 2. Otherwise the commands follow that do the run again: on this machine, or of a training job on SageMaker.

    With --launch that is done here: in a clean folder, with the code, packages and data that the run had, as a run of its own.
    A training job is asked for on the bus. When the new run has ended, the original's stream gets the verdict: verified, or
    diverged, and then the exit code is 1.

    For example:
      training-events reproduce run/digits-7
      training-events reproduce run/digits-7 --launch --allow-unpinned hardware --tolerance 1e-6
      training-events reproduce run/digits-7 --judge run/digits-7-by-hand
      training-events reproduce run/digits-7 --json | jq -r '.commands[]'
    """
    allowed = _known_names(allow_unpinned or [])
    _check_options(launch=launch, judge=judge, allowed=allowed, tolerance=tolerance)
    sources = open_current_workspace(log)
    state = _state_of_run(sources, run)
    # what was done already is compared, whatever can still be had
    if judge is not None:
        # what was done already is compared, whatever can still be had
        document = _document(state, pins_of(state), allowed)
        judged = _judged(sources, state, stream_of_kind(sources.log, "run", judge), tolerance, log)
        _print_verdict(document, judged, as_json=as_json)
        return
    new_run = name_of_reproduction(state.stream)
    job = _job_again(sources, state, new_run) if is_training_job(state) else None
    pins = with_reasons(_pins(sources, state), job.not_pinned if job else {})
    document = _document(state, pins, allowed)
    refused = [pin for pin in not_pinned(pins) if pin.name not in allowed]
    if not as_json:
        _print_pins(state, pins)
    if launch and not refused:
        _launch(sources, state, job, new_run, document.allowed, log, sys.stderr if as_json else sys.stdout)
        judged = _judged(sources, state, f"run/{new_run}", tolerance, log)
        _print_verdict(document, judged, as_json=as_json)
        return
    if not refused:
        document.request = job.request if job else None
        document.commands = _commands(sources, state, job, new_run, log)
    if as_json:
        print_document(with_all_keys(document))
    elif document.commands:
        print(f"\nTo do it again {'on SageMaker' if job else 'on this machine'}:\n", *document.commands, sep="\n")
    if refused:
        raise Misused(_refusal(state, refused))


def _check_options(*, launch: bool, judge: str | None, allowed: set[str], tolerance: float | None) -> None:
    """Raises Misused for options of which one makes no sense with, or without, another."""
    if launch and judge is not None:
        raise Misused("--launch and --judge exclude each other: --launch judges the run that it starts")
    if judge is not None and allowed:
        raise Misused("--judge compares what was done already: --allow-unpinned allows nothing there")
    if tolerance is not None and not launch and judge is None:
        raise Misused("--tolerance is of a verdict: give it with --launch or with --judge")


def _known_names(names: Sequence[str]) -> set[str]:
    for name in names:
        if name not in PINS:
            near = near_names(name, PINS)
            hint = f"; did you mean {' or '.join(f'`{other}`' for other in near)}?" if near else "."
            raise Misused(f"--allow-unpinned {name!a:.80} is nothing that can be pinned{hint} Allowed: {', '.join(PINS)}")
    return set(names)


def _state_of_run(sources: Sources, run: str) -> RunState:
    """Raises Misused where nothing has begun that could be done again."""
    state = cast("RunState", state_of(sources, stream_of_kind(sources.log, "run", run)))
    if not state.starts and state.job is None:
        raise Misused(f"{state.stream} is {state.status}: it has not started, so there is nothing to do again")
    return state


def _pins(sources: Sources, state: RunState) -> list[Pin]:
    # imported here: the help needs no AWS SDK
    from training_events.recorder.storage.content_store import ContentStore  # noqa: PLC0415
    from training_events.reproduction.outside import OnThisMachine  # noqa: PLC0415

    read_bytes = 0
    beside = ContentStore(SqliteFile(sources.log.database.path).files) if isinstance(sources.log, SqliteLog) else None
    with progress_after() as show:

        def advance(more_bytes: int) -> None:
            nonlocal read_bytes
            read_bytes += more_bytes
            show(f"{read_bytes / 1e6:,.0f} MB of files read")

        return pins_of(state, OnThisMachine(beside, advance))


def _document(state: RunState, pins: list[Pin], allowed: set[str]) -> ReproduceDocument:
    unpinned = [pin.name for pin in not_pinned(pins)]
    return ReproduceDocument(state.stream, pins, unpinned, [name for name in unpinned if name in allowed], [], None, None)


def _job_again(sources: Sources, state: RunState, new_run: str) -> JobAgain:
    from training_events.cli.reproducing_jobs import job_again  # noqa: PLC0415 - as above

    return job_again(sources, state, new_run)


def _commands(sources: Sources, state: RunState, job: JobAgain | None, new_run: str, log: str) -> list[str]:
    if job is not None:
        from training_events.reproduction.request_by_hand import request_commands  # noqa: PLC0415 - as above

        return request_commands(job, state.stream)
    from training_events.reproduction.by_hand import commands  # noqa: PLC0415 - as above

    url = f"sqlite:///{sources.log.database.path}" if isinstance(sources.log, SqliteLog) else url_to_read(log)
    return commands(state, new_run=new_run, log=url)


def _launch(
    sources: Sources, state: RunState, job: JobAgain | None, new_run: str, allowed: Sequence[str], log: str, out: TextIO
) -> None:
    """Return once the run that does it again has ended."""
    if job is not None:
        from training_events.cli.reproducing_jobs import launch_on_sagemaker  # noqa: PLC0415 - as above

        launch_on_sagemaker(sources, state, job, allowed=allowed, log=log)
        return
    from training_events.cli.reproducing import launch_on_this_machine  # noqa: PLC0415 - as above

    launch_on_this_machine(sources, state, new_run, allowed=allowed, log=log, out=out)


def _judged(sources: Sources, state: RunState, run: str, tolerance: float | None, log: str) -> Judged:
    from training_events.cli.reproducing import judge_and_record  # noqa: PLC0415 - as above

    return judge_and_record(sources, state.stream, run, tolerance=tolerance, log=log)


def _print_verdict(document: ReproduceDocument, judged: Judged, *, as_json: bool) -> None:
    """Raises NotReproduced where the run diverged."""
    document.reproduction = judged.reproduction
    if as_json:
        print_document(with_all_keys(document))
    if judged.reproduction.status == "diverged":
        raise NotReproduced(judged.words)
    if not as_json:
        print(printable(judged.words))


def _print_pins(state: RunState, pins: Sequence[Pin]) -> None:
    fields = {"run": state.stream}
    for pin in pins:
        value = "" if pin.value == "-" else f"\n{printable(pin.value)}"
        fields[pin.name] = printable(pin.value) if pin.pinned else f"{_NOT_PINNED}{printable(pin.why or '')}{value}"
    print_fields(fields, {pin.name: lambda text: YELLOW if text.startswith(_NOT_PINNED) else "" for pin in pins})


def _refusal(state: RunState, refused: Sequence[Pin]) -> str:
    reasons = "; ".join(f"{pin.name} ({pin.why})" for pin in refused)
    options = " ".join(f"--allow-unpinned {pin.name}" for pin in refused)
    return f"{state.stream} is not pinned in all that decides a run: {reasons}; {options} goes on all the same"
