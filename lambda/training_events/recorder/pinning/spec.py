"""What a run pins when it starts: all that another run would need to repeat it, as far as this process can know it.

What is not known is absent. What cannot be found out never stops the training: one warning names it.
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
    from collections.abc import Callable, Sequence
    from pathlib import Path


def pinned_spec(
    *,
    model: str | None,
    hyperparameters: Any,
    seeds: Any,
    datasets: Any,
    goals: Mapping[str, str] | None,
    resumed_from: str | None,
    requested_by: str | None,
    environment: Sequence[str],
    pin: Callable[[Any], Stored],
    variables: Mapping[str, str] = os.environ,
    folder: Path = sagemaker.FOLDER,
) -> dict[str, Any]:
    """The data of TrainingStarted, only what is known. Never raises.

    `pin` says which content a dataset is; `folder` is where SageMaker's files are.
    """
    spec = _Spec()
    spec.add("model", lambda: _text(model))
    main = main_module()
    root = spec.get("code", lambda: root_of(folder_of(main), variables))
    spec.add("code", lambda: code_version(root, variables))
    spec.add("image", lambda: _image(variables.get("TRAINING_EVENTS_IMAGE", "").strip()))
    spec.add("entry_point", lambda: entry_point(main, root, variables))
    spec.add("hyperparameters", lambda: _hyperparameters(hyperparameters, variables, folder))
    spec.add("seeds", lambda: _seeds(seeds))
    spec.add("datasets", lambda: [spec.dataset(one, pin) for one in _each(datasets)] or None)
    spec.add("instance", lambda: sagemaker.instance(variables, folder))
    spec.add("packages", installed_packages)
    spec.add("python", platform.python_version)
    spec.add("environment", lambda: pinned_variables(spec.asked_for(environment), variables) or None)
    spec.add("requested_by", lambda: _text(requested_by) or logged_in(variables, folder))
    spec.add("resumed_from", lambda: _text(resumed_from))
    spec.add("goals", lambda: spec.goals(goals) or None)
    if spec.flaws:
        log.warning("not all of what the run started with could be recorded: %s", "; ".join(spec.flaws))
    return spec.data


class _Spec:
    """The fields that are known, and what is wrong with the others."""

    def __init__(self) -> None:
        self.data: dict[str, Any] = {}
        self.flaws: list[str] = []

    def get(self, name: str, find: Callable[[], Any]) -> Any:
        try:
            return find()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is not worth the training
            self.flaws.append(f"{name}: {plain_text(error)}")
            return None

    def add(self, name: str, find: Callable[[], Any]) -> None:
        value = self.get(name, lambda: plain(_builtins(find())))
        if value is not None:
            self.data[name] = value

    def dataset(self, dataset: Any, pin: Callable[[Any], Stored]) -> Any:
        """The dataset as `pin` finds it, else its address alone; either way without the credentials in it."""
        if isinstance(dataset, Stored):  # registered before
            return _builtins(dataset)
        uri = without_credentials(plain_text(dataset))
        found = self.get(f"dataset {uri}", lambda: pin(dataset)) or Stored(uri)
        return _builtins(structs.replace(found, uri=without_credentials(found.uri or uri)))

    def asked_for(self, environment: Any) -> list[str]:
        names = [plain_text(name) for name in _each(environment)]
        if secret := [name for name in names if looks_secret(name)]:
            self.flaws.append(f"environment: {', '.join(secret)} looks like a secret")
        return names

    def goals(self, goals: Mapping[str, str] | None) -> dict[str, str]:
        said: dict[str, str] = plain(dict(goals or {}))
        wrong = [name for name, goal in said.items() if goal not in ("minimize", "maximize")]
        if wrong:
            self.flaws.append(f"goals: {', '.join(wrong)} is neither 'minimize' nor 'maximize'")
        return {name: goal for name, goal in said.items() if name not in wrong}


def _hyperparameters(given: Any, variables: Mapping[str, str], folder: Path) -> dict[str, Any] | None:
    """As given, an object's attributes where it is no mapping; SageMaker's where none are given."""
    if given is None:
        return sagemaker.hyperparameters(variables, folder)
    said = plain(given)
    return said if isinstance(said, dict) else plain(vars(given))


def _seeds(given: Any) -> Any:
    """A number or an object, which is what the field holds; anything else as the object's one value."""
    said = plain(given)
    return said if said is None or type(said) is int or isinstance(said, dict) else {"seeds": said}


def _each(values: Any) -> list[Any]:
    """The values of a sequence; one that stands alone is meant as the only one."""
    if values is None:
        return []
    alone = isinstance(values, (str, os.PathLike, Stored, Mapping))
    return [values] if alone else list(values)


def _image(uri: str) -> Image | None:
    name, _, digest = uri.partition("@")
    return Image(name, digest or None) if name else None


def logged_in(variables: Mapping[str, str] = os.environ, folder: Path = sagemaker.FOLDER) -> str | None:
    """In a training job nobody is: its processes are root's."""
    if sagemaker.in_training_job(variables):
        return None
    if user := sagemaker.notebook_user(folder):
        return user
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):  # a container whose user has no name
        return None


def _builtins(value: Any) -> Any:
    """A struct as an object without what is not known; anything else as it is."""
    return msgspec.to_builtins(value) if isinstance(value, msgspec.Struct) else value


def _text(value: Any) -> str | None:
    return plain_text(value).strip() or None if value is not None else None
