"""What a run pins when it starts: all that another run needs to repeat it, as far as this process can know it.

What is not known is absent. What cannot be found out does not stop the training: one warning names it.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import structs

from training_events.catalogue.run import Image, UsedDataset, described_dataset, describes_one
from training_events.catalogue.stored import Stored
from training_events.recorder.identity import reproduced_run
from training_events.recorder.pinning import sagemaker
from training_events.recorder.pinning.code_version import code_version, root_of
from training_events.recorder.pinning.environment import entry_point, machine, pinned_variables, working_folder
from training_events.recorder.pinning.hyperparameters import hyperparameters
from training_events.recorder.pinning.packages import installed_packages
from training_events.recorder.pinning.program import code_folder, files_that_run, main_module, text_without_file
from training_events.recorder.pinning.user import logged_in
from training_events.recorder.plain import plain, plain_text
from training_events.recorder.reporting import log
from training_events.redaction.names import may_be_secret_name
from training_events.redaction.text import redacted_text
from training_events.redaction.values import redacted, redacted_arguments

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from training_events.recorder.options import RunOptions


_DIGEST = re.compile(r"(sha256:)?(?P<sha256>[0-9a-f]{64})")
_IMAGE = re.compile(r"(?P<uri>.+?)(@(?P<digest>\w+:[0-9a-f]{32,}))?", re.DOTALL)


def pinned_spec(
    options: RunOptions,
    *,
    pin: Callable[[Any], Stored],
    keep: Callable[[bytes], Stored] | None = None,
    variables: Mapping[str, str] = os.environ,
    folder: Path = sagemaker.FOLDER,
) -> dict[str, Any]:
    """The data of TrainingStarted: only what is known. Never raises.

    `pin` finds the content of a dataset. `variables` are those of the environment, and `folder` holds SageMaker's files.
    """
    spec = _SpecBuilder()
    spec.add("model", lambda: _text(options.model))
    main = main_module()
    root = spec.get("code", lambda: root_of(code_folder(main), variables))
    files = spec.get("code", lambda: files_that_run(main, variables)) if root else None
    text = text_without_file(main, variables)
    spec.add("code", lambda: code_version(root, variables, files=files or (), text=text, keep=keep))
    spec.add("image", lambda: _image(variables.get("TRAINING_EVENTS_IMAGE", "").strip()))
    spec.add("entry_point", lambda: entry_point(main, root, variables))
    spec.add("working_folder", lambda: working_folder(root))
    spec.add("arguments", lambda: spec.arguments(sys.argv[1:]) if "entry_point" in spec.data else None)
    spec.add("hyperparameters", lambda: spec.hyperparameters(options.hyperparameters, variables, folder))
    spec.add("seeds", lambda: _seeds(options.seeds))
    spec.add("datasets", lambda: spec.datasets(options.datasets, pin) or None)
    spec.add("instance", lambda: sagemaker.instance(variables, folder))
    if installed := spec.get("packages", installed_packages):
        spec.add("packages", lambda: installed.versions)
        spec.add("direct_packages", lambda: installed.direct or None)
    spec.add("python", platform.python_version)
    spec.add("machine", machine)
    spec.add("environment", lambda: pinned_variables(spec.allowed_names(options.environment), variables) or None)
    spec.add("requested_by", lambda: _text(options.requested_by) or logged_in(variables, folder))
    spec.add("resumed_from", lambda: _text(options.resumed_from))
    spec.add("reproduces", lambda: reproduced_run(variables))
    spec.add("goals", lambda: spec.goals(options.goals) or None)
    data, hidden = redacted(spec.data)
    if hidden:
        spec.flaws.append(f"{', '.join(hidden)} held what looks like a credential")
    if spec.flaws:
        log.warning("not all of what the run started with could be recorded: %s", "; ".join(spec.flaws))
    return dict(data)


def pinned_dataset(dataset: Any, role: str | None, pin: Callable[[Any], Stored]) -> dict[str, Any] | None:
    """One dataset as in a spec: as `pin` finds it, or else its address alone, and a warning. None for what describes none.

    It may also be named by its digest alone, unless a file has that name.
    """
    spec = _SpecBuilder()
    if isinstance(dataset, str) and (digest := _DIGEST.fullmatch(dataset)) and not os.path.lexists(dataset):
        dataset = Stored(sha256=digest["sha256"])
    used = spec.dataset(dataset, role, pin)
    if spec.flaws:
        log.warning("not all of a dataset could be recorded: %s", "; ".join(spec.flaws))
    return used if used is None else dict(used)


class _SpecBuilder:
    """The fields that are known, and what is wrong with the others."""

    def __init__(self) -> None:
        self.data: dict[str, Any] = {}
        self.flaws: list[str] = []

    def get(self, name: str, find: Callable[[], Any]) -> Any:
        try:
            return find()
        except Exception as error:  # noqa: BLE001 - whatever it is, the training goes on
            self.flaws.append(f"{redacted_text(name)}: {redacted_text(plain_text(error))}")
            return None

    def add(self, name: str, find: Callable[[], Any]) -> None:
        value = self.get(name, lambda: plain(_builtins(find())))
        if value is not None:
            self.data[name] = value

    def arguments(self, given: list[str]) -> list[str]:
        shown, fields = redacted_arguments([plain_text(argument) for argument in given])
        if fields:
            self.flaws.append(f"arguments: {len(fields)} of them look like a credential")
        return list(shown)

    def hyperparameters(self, given: Any, variables: Mapping[str, str], folder: Path) -> dict[str, Any] | None:
        """SageMaker's where none are given."""
        if given is None:
            return sagemaker.hyperparameters(variables, folder)
        unreadable: list[str] = []
        value = hyperparameters(given, unreadable)
        self.flaws += [f"hyperparameters: {what}" for what in unreadable]
        return value

    def datasets(self, given: Any, pin: Callable[[Any], Stored]) -> list[Any]:
        return [used for dataset, role in _with_roles(given) if (used := self.dataset(dataset, role, pin)) is not None]

    def dataset(self, dataset: Any, role: str | None, pin: Callable[[Any], Stored]) -> Any:
        """The dataset as `pin` finds it, or else its address alone. None for an object that describes no dataset."""
        if isinstance(dataset, Mapping):
            described = described_dataset(plain(dict(dataset)))
            if described is None:
                keys = redacted_text(", ".join(map(plain_text, dataset)))
                self.flaws.append(f"datasets: an object with the keys {keys} has neither a uri nor a sha256")
                return None
            role = described.role if role is None else role
            dataset = described.uri if described == UsedDataset(uri=described.uri, role=described.role) else described
        if isinstance(dataset, Stored):  # it was registered before
            stored = dataset
        else:
            stored = self._pinned(dataset, role, pin)
            if role is None and isinstance(stored, UsedDataset):  # it was fetched for this program
                role = stored.role
        return _builtins(UsedDataset(**{**structs.asdict(stored), "role": role}))

    def _pinned(self, dataset: Any, role: str | None, pin: Callable[[Any], Stored]) -> Stored:
        """What `pin` finds, or else the address: masked where the role says that it is a credential and no dataset."""
        address = plain_text(dataset)
        shown = address if role is None else str(redacted({role: address}).value[role])
        flaws = len(self.flaws)
        found = self.get(f"dataset {shown}", lambda: pin(dataset))
        self.flaws[flaws:] = [flaw.replace(address, shown) for flaw in self.flaws[flaws:]]
        return found or Stored(shown)

    def allowed_names(self, environment: Any) -> list[str]:
        """The names of variables that the caller asks for."""
        names = [plain_text(name) for name in _each(environment)]
        if secret := [name for name in names if may_be_secret_name(name)]:
            self.flaws.append(f"environment: {', '.join(secret)} looks like a secret")
        return names

    def goals(self, goals: Mapping[str, str] | None) -> dict[str, str]:
        given: dict[str, str] = plain(dict(goals or {}))
        wrong = [name for name, goal in given.items() if goal not in ("minimize", "maximize")]
        if wrong:
            self.flaws.append(f"goals: {', '.join(wrong)} is neither 'minimize' nor 'maximize'")
        return {name: goal for name, goal in given.items() if name not in wrong}


def _seeds(given: Any) -> Any:
    """The field holds an integer or an object. Anything else becomes the only value of an object."""
    value = plain(given)
    return value if value is None or type(value) is int or isinstance(value, dict) else {"seeds": value}


def _each(values: Any) -> list[Any]:
    """The values of a sequence. A single value stands for a sequence of one."""
    if values is None:
        return []
    is_single = isinstance(values, (str, os.PathLike, Stored, Mapping))
    return [values] if is_single else list(values)


def _with_roles(datasets: Any) -> list[tuple[Any, str | None]]:
    """Each dataset with its role. In a mapping the keys are the roles, each of one dataset or of several."""
    if isinstance(datasets, Mapping) and not describes_one(datasets):
        return [(dataset, plain_text(role)) for role, given in datasets.items() for dataset in _each(given)]
    return [(dataset, None) for dataset in _each(datasets)]


def _image(uri: str) -> Image | None:
    found = _IMAGE.fullmatch(uri)
    return Image(found["uri"], found["digest"]) if found else None


def _builtins(value: Any) -> Any:
    """A struct as an object that leaves out what is not known; anything else as it is."""
    return msgspec.to_builtins(value) if isinstance(value, msgspec.Struct) else value


def _text(value: Any) -> str | None:
    return plain_text(value).strip() or None if value is not None else None
