"""What of a run is pinned, so that it can be done again, and what is not, each with the reason.

What the run did not record is not pinned. Nothing is asked outside of the record, unless the caller brings what can answer.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec
from msgspec import Struct

from training_events.catalogue.run import Code, TrainingStarted, UsedDataset
from training_events.catalogue.stored import Stored
from training_events.folds.cutter import flattened
from training_events.reading.wording.spec import is_list_of_packages
from training_events.reading.wording.text import to_json
from training_events.redaction.tokens import MASK
from training_events.reproduction.pinned_spec import OWN_DISTRIBUTION, image_digest, is_training_job, pinned_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from training_events.folds.run_state import RunState

MAX_REASONS = 3
"""Of one pin: a line is to be read. The others are counted."""
_IN_CONTAINER = "file:///opt/ml/"
"""Where a training job has its files, which are gone with it. Its request says where they came from."""


class Pin(Struct, frozen=True):
    """`value` says in words what is recorded, and `why` on one line what is missing, where it is not pinned."""

    name: str
    pinned: bool
    value: str
    why: str | None


class Outside(Protocol):
    """What the record alone cannot tell. Each answer is what is wrong, on one line; None if nothing is."""

    def commit(self, code: Code) -> str | None:
        """Whether the commit can be had: from a clone at hand, or from the repository's address."""

    def file(self, stored: Stored) -> str | None:
        """Whether the file is still there, with its digest."""

    def python(self, version: str) -> str | None:
        """Whether a Python of this minor version is at hand."""

    def machine(self, machine: str) -> str | None:
        """Whether this machine is of the kind."""


class _RecordAlone:
    def commit(self, _code: Code) -> None: ...
    def file(self, _stored: Stored) -> None: ...
    def python(self, _version: str) -> None: ...
    def machine(self, _machine: str) -> None: ...


class _Run(NamedTuple):
    """The run, what it pinned when it started, and what can answer for the world outside."""

    state: RunState
    spec: TrainingStarted
    outside: Outside


class _Found(NamedTuple):
    value: str
    reasons: Sequence[str] = ()


def pins_of(state: RunState, outside: Outside | None = None) -> list[Pin]:
    """What of the run is pinned, in the order of PINS; what does not apply to this run is left out.

    `outside` says what became of it since: of the commit, the files, this machine. Without it the record alone is judged.
    """
    run = _Run(state, pinned_spec(state), outside or _RecordAlone())
    found = ((name, look(run)) for name, look in _LOOKS.items())
    return [Pin(name, not it.reasons, it.value, _line(it.reasons)) for name, it in found if it is not None]


def with_reasons(pins: Iterable[Pin], reasons: Mapping[str, Sequence[str]]) -> list[Pin]:
    """The pins, with what else is missing, by their names."""
    lacking = {name: more for name, more in reasons.items() if more}
    return [
        Pin(pin.name, pinned=False, value=pin.value, why=_line([*([pin.why] if pin.why else []), *lacking[pin.name]]))
        if pin.name in lacking
        else pin
        for pin in pins
    ]


def _line(reasons: Sequence[str]) -> str | None:
    if len(reasons) > MAX_REASONS:
        reasons = [*reasons[:MAX_REASONS], f"and {len(reasons) - MAX_REASONS} more"]
    return "; ".join(reasons) or None


def _of_image(run: _Run) -> _Found | None:
    """What a training job has from its image, or from its request, and so without a recorder too."""
    image = run.spec.image
    return _Found("as the image has it") if is_training_job(run.state) and image and image_digest(image) else None


def _not_recorded(what: str) -> _Found:
    return _Found("-", [f"the run recorded no {what}"])


def _code(run: _Run) -> _Found:
    code = run.spec.code
    if code is None or code.commit is None:
        return _of_image(run) or _not_recorded("commit of its code")
    value = f"{code.commit} of {code.repository}" if code.repository else code.commit
    # a job that is done again gets its code as it did before, and from no clone
    return _Found(value, [] if is_training_job(run.state) else _reasons(run.outside.commit(code)))


def _diff(run: _Run) -> _Found | None:
    code = run.spec.code
    if code is None or code.commit is None:
        return None  # there is nothing to apply it to, as `code` says
    if code.dirty is False:
        return _Found("none: the commit has all of the code")
    if code.dirty is None and is_training_job(run.state):
        return None  # a job gets its code without the repository
    if code.dirty is None:
        return _Found("-", ["the run did not record whether the commit has all of its code"])
    reasons = [f"{path}: {why}" for path, why in (code.not_kept or {}).items()]
    if code.diff is None:
        return _Found("-", reasons or ["the code was changed, and the changes were not kept"])
    return _Found(_file(code.diff), [*reasons, *_reasons(run.outside.file(code.diff))])


def _entry_point(run: _Run) -> _Found:
    entry_point = run.spec.entry_point
    if entry_point is None:
        return _of_image(run) or _not_recorded("entry point: its program may be in no file")
    if entry_point.endswith(".ipynb"):
        return _Found(entry_point, ["it is a notebook: nobody recorded which of its cells ran, and in which order"])
    if entry_point.startswith("/") and not is_training_job(run.state):
        return _Found(entry_point, ["the file is outside of the code's repository"])
    return _Found(entry_point)


def _arguments(run: _Run) -> _Found:
    arguments = run.spec.arguments
    if arguments is None and run.spec.entry_point is not None and run.spec.machine is not None:
        return _Found("none")  # a recorder that knows of arguments, which one of 0.1.0 does not, leaves out an empty list
    if arguments is None:
        return _of_image(run) or _not_recorded("arguments")
    if isinstance(arguments, Stored):
        return _stored_elsewhere(run, arguments)
    masked = [str(number) for number, argument in enumerate(arguments, 1) if MASK in argument]
    value = shlex.join(arguments) or "none"
    return _Found(value, [f"number {', '.join(masked)} looked like a credential and was masked"] if masked else [])


def _python(run: _Run) -> _Found:
    version = run.spec.python
    if version is None:
        return _of_image(run) or _not_recorded("version of Python")
    # in an image, and in a training job, it is the image's
    return _Found(version, [] if run.spec.image or is_training_job(run.state) else _reasons(run.outside.python(version)))


def _packages(run: _Run) -> _Found:
    packages = run.spec.packages
    if not packages:
        return _of_image(run) or _not_recorded("packages")
    if not is_list_of_packages(packages):
        return _stored_elsewhere(run, msgspec.convert(packages, Stored))
    others = {name: source for name, source in (run.spec.direct_packages or {}).items() if name != OWN_DISTRIBUTION}
    local = [f"{name}: {_why_local(source)}" for name, source in others.items() if not is_at_commit(source)]
    return _Found(f"{len(packages)}, each at its version", local)


def is_at_commit(source: str) -> bool:
    """Whether a package came from a repository, at a commit that its address names: `git+https://…@<commit>`."""
    return "+" in source.partition("://")[0] and not source.startswith("editable ")


def _why_local(source: str) -> str:
    if source.startswith("editable "):
        return "it was installed as editable, and no version tells what it held"
    return "it was installed from a file or folder, and no index has it"


def _image(run: _Run) -> _Found | None:
    image = run.spec.image
    if image is None:
        return None
    digest = image_digest(image)
    value = image.uri or "-" if image.digest is None else f"{image.uri or ''}@{image.digest}"
    return _Found(value, [] if digest else ["the run recorded no digest of it: its tag may be another image by now"])


def _datasets(run: _Run) -> _Found:
    datasets = run.state.lineage.datasets
    if not datasets:
        return _not_recorded("dataset")
    reasons = [f"{_name(dataset)}: {why}" for dataset in datasets if (why := _why_not_pinned(dataset, run.outside))]
    if (left := run.state.datasets_used - len(datasets)) > 0:
        reasons.append(f"the state of the run keeps {len(datasets)} datasets, and not {left} more")
    return _Found(f"{len(datasets)}, each by its digest" if not reasons else ", ".join(map(_name, datasets)), reasons)


def _why_not_pinned(dataset: UsedDataset, outside: Outside) -> str | None:
    if dataset.sha256 is None and dataset.digest is None:
        return "the run recorded no sha256 of it"
    if dataset.uri is None:
        return "the run recorded no address of it"
    if dataset.sha256 is None:
        return None  # only the tool that made the other digest can compare it
    return None if dataset.uri.startswith(_IN_CONTAINER) else outside.file(dataset)


def _hyperparameters(run: _Run) -> _Found:
    if not run.state.hyperparameters and run.spec.entry_point is not None:  # then the program has them, or its arguments do
        return _Found("none was recorded beside the code and the arguments")
    return _values(run, run.state.hyperparameters, "hyperparameters")


def _seeds(run: _Run) -> _Found:
    seeds = run.spec.seeds
    return _values(run, seeds, "seed") if isinstance(seeds, dict) or seeds is None else _Found(str(seeds))


def _environment_variables(run: _Run) -> _Found:
    if run.spec.environment is None and run.spec.python is not None:  # a recorder looked, and names only what is set
        return _Found("none of those that are recorded was set")
    return _values(run, run.spec.environment, "environment variables")


def _values(run: _Run, values: Mapping[str, Any] | None, what: str) -> _Found:
    if not values:
        return _not_recorded(what)
    if isinstance(values.get("sha256"), str) and "bytes" in values:
        return _stored_elsewhere(run, msgspec.convert(values, Stored))
    flat = [(name, value if isinstance(value, str) else to_json(value)) for name, value in flattened("", values)]
    masked = [f"{name} looked like a credential and was masked" for name, value in flat if MASK in value]
    return _Found(", ".join(f"{name}={value}" for name, value in flat), masked)


def _hardware(run: _Run) -> _Found:
    instance, machine = run.spec.instance, run.spec.machine
    if instance is not None and instance.type:
        return _Found(f"{instance.count or 1} of {instance.type}")
    if machine is None:
        return _not_recorded("machine")
    return _Found(machine, _reasons(run.outside.machine(machine)))


def _results(run: _Run) -> _Found:
    """Not an input, but what the run is done again for."""
    state = run.state
    counts = {"metrics": len(state.metrics), "checkpoints": state.checkpoints_saved, "artifacts": state.artifacts_saved}
    value = ", ".join(f"{count} {what[:-1] if count == 1 else what}" for what, count in counts.items() if count)
    reasons = [] if value else ["the run recorded no metric and kept no file: nothing can verify its reproduction"]
    if not state.finished:
        reasons.append(f"the run is {state.status}: nobody knows yet what it comes to")
    return _Found(value or "-", reasons)


def _stored_elsewhere(run: _Run, stored: Stored) -> _Found:
    """A field that was too large for the event of the start."""
    if stored.uri is None:
        return _Found("-", ["they were too many for an event, and nobody stored them"])
    return _Found(f"in {stored.uri}: too many for an event", _reasons(run.outside.file(stored)))


def _file(stored: Stored) -> str:
    return f"{stored.uri or '-'} (sha256 {stored.sha256})" if stored.sha256 else stored.uri or "-"


def _name(dataset: UsedDataset) -> str:
    return dataset.uri or dataset.name or dataset.digest or f"sha256:{dataset.sha256}"


def _reasons(*answers: str | None) -> list[str]:
    return [answer for answer in answers if answer is not None]


_LOOKS: dict[str, Callable[[_Run], _Found | None]] = {
    "code": _code,
    "diff": _diff,
    "entry_point": _entry_point,
    "arguments": _arguments,
    "python": _python,
    "packages": _packages,
    "image": _image,
    "datasets": _datasets,
    "hyperparameters": _hyperparameters,
    "seeds": _seeds,
    "environment_variables": _environment_variables,
    "hardware": _hardware,
    "results": _results,
}
PINS: tuple[str, ...] = tuple(_LOOKS)
"""The names of what can be pinned, in the order in which they are listed."""


def not_pinned(pins: Iterable[Pin]) -> list[Pin]:
    return [pin for pin in pins if not pin.pinned]
