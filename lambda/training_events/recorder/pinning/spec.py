"""What a run pins when it starts: all that another run needs to repeat it, as far as this process can know it.

What is not known is absent. What cannot be found out does not stop the training: one warning names it.
"""

from __future__ import annotations

import getpass
import os
import platform
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import structs

from training_events.catalogue.run import Image
from training_events.catalogue.stored import Stored
from training_events.recorder.pinning import sagemaker
from training_events.recorder.pinning.code_version import code_version, root_of
from training_events.recorder.pinning.environment import (
    entry_point,
    folder_of,
    installed_packages,
    main_module,
    pinned_variables,
)
from training_events.recorder.plain import plain, plain_text
from training_events.recorder.redaction import looks_secret, without_credentials
from training_events.recorder.reporting import log

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from training_events.recorder.options import RunOptions


def pinned_spec(
    options: RunOptions,
    *,
    pin: Callable[[Any], Stored],
    variables: Mapping[str, str] = os.environ,
    folder: Path = sagemaker.FOLDER,
) -> dict[str, Any]:
    """The data of TrainingStarted: only what is known. Never raises.

    `pin` finds the content of a dataset. `variables` are those of the environment, and `folder` holds SageMaker's files.
    """
    spec = _SpecBuilder()
    spec.add("model", lambda: _text(options.model))
    main = main_module()
    root = spec.get("code", lambda: root_of(folder_of(main), variables))
    spec.add("code", lambda: code_version(root, variables))
    spec.add("image", lambda: _image(variables.get("TRAINING_EVENTS_IMAGE", "").strip()))
    spec.add("entry_point", lambda: entry_point(main, root, variables))
    spec.add("hyperparameters", lambda: _hyperparameters(options.hyperparameters, variables, folder))
    spec.add("seeds", lambda: _seeds(options.seeds))
    spec.add("datasets", lambda: [spec.dataset(dataset, pin) for dataset in _each(options.datasets)] or None)
    spec.add("instance", lambda: sagemaker.instance(variables, folder))
    spec.add("packages", installed_packages)
    spec.add("python", platform.python_version)
    spec.add("environment", lambda: pinned_variables(spec.allowed_names(options.environment), variables) or None)
    spec.add("requested_by", lambda: _text(options.requested_by) or logged_in(variables, folder))
    spec.add("resumed_from", lambda: _text(options.resumed_from))
    spec.add("goals", lambda: spec.goals(options.goals) or None)
    if spec.flaws:
        log.warning("not all of what the run started with could be recorded: %s", "; ".join(spec.flaws))
    return spec.data


class _SpecBuilder:
    """The fields that are known, and what is wrong with the others."""

    def __init__(self) -> None:
        self.data: dict[str, Any] = {}
        self.flaws: list[str] = []

    def get(self, name: str, find: Callable[[], Any]) -> Any:
        try:
            return find()
        except Exception as error:  # noqa: BLE001 - whatever it is, the training goes on
            self.flaws.append(f"{name}: {plain_text(error)}")
            return None

    def add(self, name: str, find: Callable[[], Any]) -> None:
        value = self.get(name, lambda: plain(_builtins(find())))
        if value is not None:
            self.data[name] = value

    def dataset(self, dataset: Any, pin: Callable[[Any], Stored]) -> Any:
        """The dataset as `pin` finds it, or else its address alone; in both cases without credentials."""
        if isinstance(dataset, Stored):  # it was registered before
            return _builtins(dataset)
        uri = without_credentials(plain_text(dataset))
        stored = self.get(f"dataset {uri}", lambda: pin(dataset)) or Stored(uri)
        return _builtins(structs.replace(stored, uri=without_credentials(stored.uri or uri)))

    def allowed_names(self, environment: Any) -> list[str]:
        """The names of variables that the caller asks for."""
        names = [plain_text(name) for name in _each(environment)]
        if secret := [name for name in names if looks_secret(name)]:
            self.flaws.append(f"environment: {', '.join(secret)} looks like a secret")
        return names

    def goals(self, goals: Mapping[str, str] | None) -> dict[str, str]:
        given: dict[str, str] = plain(dict(goals or {}))
        wrong = [name for name, goal in given.items() if goal not in ("minimize", "maximize")]
        if wrong:
            self.flaws.append(f"goals: {', '.join(wrong)} is neither 'minimize' nor 'maximize'")
        return {name: goal for name, goal in given.items() if name not in wrong}


def _hyperparameters(given: Any, variables: Mapping[str, str], folder: Path) -> dict[str, Any] | None:
    """A mapping as it is, of another object the attributes; SageMaker's where none are given."""
    if given is None:
        return sagemaker.hyperparameters(variables, folder)
    value = plain(given)
    return value if isinstance(value, dict) else plain(vars(given))


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


def _image(uri: str) -> Image | None:
    name, _, digest = uri.partition("@")
    return Image(name, digest or None) if name else None


def logged_in(variables: Mapping[str, str] = os.environ, folder: Path = sagemaker.FOLDER) -> str | None:
    """The user that is logged in. In a training job that is nobody: its processes belong to root."""
    if sagemaker.in_training_job(variables):
        return None
    if user := sagemaker.notebook_user(folder):
        return user
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):  # a container whose user has no name
        return None


def _builtins(value: Any) -> Any:
    """A struct as an object that leaves out what is not known; anything else as it is."""
    return msgspec.to_builtins(value) if isinstance(value, msgspec.Struct) else value


def _text(value: Any) -> str | None:
    return plain_text(value).strip() or None if value is not None else None
