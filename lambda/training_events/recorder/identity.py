"""Which run this process belongs to, and which of its processes it is.

All processes of one training record into one run. So the run's id comes from what they have in common: the caller's name or
TRAINING_EVENTS_RUN, the names that SageMaker and torchrun give a job, Slurm's number of it, or the launcher that started them.
"""

from __future__ import annotations

import os
import socket
import sys
from collections import Counter
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

from training_events.event import CONTROL, MAX_STREAM_BYTES, in_one_form
from training_events.recorder.pinning import sagemaker
from training_events.recorder.plain import plain_text
from training_events.redaction.text import redacted_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_RANK_AND_WORLD = (
    ("RANK", "WORLD_SIZE"),  # torchrun, DeepSpeed, Accelerate
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),  # Open MPI's mpirun
    ("SLURM_PROCID", "SLURM_NTASKS"),  # srun
)
_SET_BY_LAUNCHERS = ("TORCHELASTIC_RUN_ID", "OMPI_COMM_WORLD_SIZE")
"""By those launchers that may start the processes of a job without giving the job a name."""
_MAX_BYTES = MAX_STREAM_BYTES - len("run/")


def named_run(environment: Mapping[str, str] = os.environ) -> str | None:
    """The run that the environment says this process belongs to: `run/<id>`. None where it names none."""
    names = (environment.get(variable) for variable in ("TRAINING_EVENTS_RUN", "TRAINING_JOB_NAME"))
    id_ = next((valid for name in names if name is not None and (valid := _valid(name, _MAX_BYTES))), None)
    return None if id_ is None else f"run/{id_}"


def reproduced_run(environment: Mapping[str, str] = os.environ) -> str | None:
    """The run that this process does again: `run/<id>`. None where it does none."""
    name = _valid(environment.get("TRAINING_EVENTS_REPRODUCES", ""), MAX_STREAM_BYTES)
    return f"run/{name.removeprefix('run/')}" if name else None


class Rank(NamedTuple):
    """The number of this process among those of the training, from 0, and how many there are."""

    rank: int
    world: int


def run_id(model: str | None, given_id: str | None, environment: Mapping[str, str] = os.environ) -> str:
    """The id of the run, such that `run/<id>` is the name of a stream. Never raises: what no name may have is replaced.

    In a process that reproduces a run, the environment goes before the program, whose id is the original's.
    """
    from_environment = (
        environment.get("TRAINING_EVENTS_RUN"),
        environment.get("TRAINING_JOB_NAME"),  # SageMaker: AWS's own events about the job are recorded under this name too
    )
    original = reproduced_run(environment)
    own = None if original is not None and original == f"run/{_id_in_stream(given_id)}" else given_id
    candidates = (
        *((own, *from_environment) if original is None else (*from_environment, own)),
        _unless_none(environment.get("TORCHELASTIC_RUN_ID")),
        _slurm_id(environment, sys.orig_argv),
    )
    if id_ := next(filter(None, map(_id_in_stream, candidates)), ""):
        return id_
    prefix = _valid(plain_text(model), _MAX_BYTES - 13) if model is not None else ""
    return f"{prefix or 'run'}-{_id_of_launcher(environment) or uuid4().hex[:12]}"


def rank(environment: Mapping[str, str] = os.environ, folder: Path = sagemaker.FOLDER) -> Rank | None:
    """Which process of a distributed training this is; None for a training of a single process.

    The first launcher that counts more than one process decides; without one, torch.distributed, whose processes a program may
    start itself; without both, each host of a SageMaker job is a process.
    """
    for rank_name, world_name in _RANK_AND_WORLD:
        with suppress(KeyError, ValueError):
            number, world = int(environment[rank_name]), int(environment[world_name])
            if 0 <= number < world and world > 1:
                return Rank(number, world)
    if (found := _rank_in_torch()) is not None:
        return found
    current, hosts = sagemaker.hosts(environment, folder)
    if current in hosts and len(hosts) > 1:
        return Rank(sorted(hosts).index(current), len(hosts))
    return None


def _rank_in_torch() -> Rank | None:
    """The rank that the program gave to `init_process_group`. It is asked only if the program has imported it."""
    distributed = sys.modules.get("torch.distributed")
    with suppress(Exception):  # whatever there is under that name, the training goes on
        if distributed is not None and distributed.is_available() and distributed.is_initialized():
            number, world = int(distributed.get_rank()), int(distributed.get_world_size())
            return Rank(number, world) if 0 <= number < world and world > 1 else None
    return None


def _id_of_launcher(environment: Mapping[str, str]) -> str | None:
    """12 hex digits that all children of this process's launcher compute, and those of no other launcher.

    torchrun on one machine gives its processes no common name ("none"). What they share is their parent.
    """
    if not any(name in environment for name in _SET_BY_LAUNCHERS):
        return None
    try:
        # Process numbers are used again. So its start time counts too: field 22 of stat(5), after the name in parentheses.
        parent = os.getppid()
        started = Path(f"/proc/{parent}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[19]
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
    except (OSError, IndexError):  # not Linux: each process is a run of its own, unless TRAINING_EVENTS_RUN is set
        return None
    return sha256(f"{socket.gethostname()} {boot} {parent} {started}".encode(errors="replace")).hexdigest()[:12]


def _valid(name: str, max_bytes: int) -> str:
    """`name` if it can name a run, otherwise the nearest text that can; empty if nothing is left."""
    # credentials first: of a token that was cut nobody would know the shape
    printable = CONTROL.sub("-", redacted_text(in_one_form(name).strip()))
    return printable.encode()[:max_bytes].decode(errors="ignore").strip()


def _id_in_stream(name: str | None) -> str:
    return "" if name is None else _valid(plain_text(name), _MAX_BYTES)


def _unless_none(name: str | None) -> str | None:
    return None if name is None or name.strip().lower() == "none" else name


_SHELLS = ("interactive", "bash", "sh", "zsh", "fish", "tcsh")
"""What Slurm calls a job that somebody types into: the name of the shell that `srun --pty` starts, or what `salloc` sets."""
_FIRST_SPECIAL_STEP = 0xFFFFFFF0
"""Slurm numbers steps from 0. The batch script, the shell of `salloc` and others have the highest numbers (slurm/slurm.h)."""

_LOCAL_AND_WORLD = (("LOCAL_WORLD_SIZE", "WORLD_SIZE"), ("OMPI_COMM_WORLD_LOCAL_SIZE", "OMPI_COMM_WORLD_SIZE"))
"""How many processes torchrun and mpirun have started on this machine, and on all machines."""

_runs_of_command: Counter[str] = Counter()


def _slurm_id(environment: Mapping[str, str], command: Sequence[str]) -> str | None:
    """`slurm-<job>` for the tasks of a job's first step, `slurm-<job>.<step>` for those of another. None for a name of its own.

    The variables of a job reach all that is started in it, and a job that is requeued keeps its number. So a process that is no
    such task is told from others by its command line, and its second run by the number of the run: after a requeue both get the
    same names again. What is typed into a shell is another run each time.
    https://slurm.schedmd.com/srun.html#SECTION_OUTPUT-ENVIRONMENT-VARIABLES
    """
    job, step = environment.get("SLURM_JOB_ID", "").strip(), _number(environment.get("SLURM_STEP_ID"))
    if not job:
        return None
    if step is not None and step < _FIRST_SPECIAL_STEP and _count(environment, "SLURM_NTASKS") > 1:
        return f"slurm-{job}.{step}" if step else f"slurm-{job}"
    sizes = [(_count(environment, local), _count(environment, world)) for local, world in _LOCAL_AND_WORLD]
    if any(local < world for local, world in sizes):  # on several machines, which have nothing else in common
        return f"slurm-{job}"
    if _is_typed(environment):
        return None
    name = f"slurm-{job}-{sha256(chr(0).join(command).encode(errors='replace')).hexdigest()[:8]}"
    if any(world > 1 for _, world in sizes):
        return name
    _runs_of_command[name] += 1
    number = _runs_of_command[name]
    return name if number == 1 else f"{name}-{number}"


def _is_typed(environment: Mapping[str, str]) -> bool:
    """Whether somebody types at a prompt inside the job. Whatever Slurm starts itself has a SLURM_PROCID."""
    at_prompt = hasattr(sys, "ps1") or "SLURM_PROCID" not in environment or "SLURM_PTY_PORT" in environment
    return at_prompt or environment.get("SLURM_JOB_NAME") in _SHELLS


def _count(environment: Mapping[str, str], name: str) -> int:
    return _number(environment.get(name)) or 1


def _number(text: str | None) -> int | None:
    try:
        return None if text is None else int(text)
    except ValueError:
        return None
