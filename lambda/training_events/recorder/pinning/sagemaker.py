"""What a training container and a notebook can read about themselves, in SageMaker's files and variables.

A container finds `input/config/resourceconfig.json` and `input/config/hyperparameters.json` below /opt/ml:
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html. The training toolkit
repeats them as SM_ variables: https://github.com/aws/sagemaker-training-toolkit/blob/master/ENVIRONMENT_VARIABLES.md. A
notebook finds `metadata/resource-metadata.json`: https://docs.aws.amazon.com/sagemaker/latest/dg/nbi-metadata.html. What is
missing or broken is absent here, and never an error.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training_events.catalogue.run import Instance

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = Path("/opt/ml")

_TOOLKITS_OWN = ("_tuning_objective_metric", "default_user_module_name")
"""Hyperparameters of SageMaker's SDK, besides those that begin with `sagemaker_`: how the job runs, not how it trains."""


def in_training_job(environment: Mapping[str, str] = os.environ) -> bool:
    return bool(environment.get("TRAINING_JOB_NAME"))


def instance(environment: Mapping[str, str] = os.environ, folder: Path = FOLDER) -> Instance | None:
    """The type of the job's instances and their number. Where the job has groups of several types, all types in one text."""
    resources = _object_in(folder / "input/config/resourceconfig.json")
    groups = resources.get("instance_groups")
    types = {group.get("instance_type") for group in groups if isinstance(group, dict)} if isinstance(groups, list) else set()
    in_groups = ", ".join(sorted(type_ for type_ in types if isinstance(type_, str)))
    type_ = in_groups or _text(resources.get("current_instance_type")) or environment.get("SM_CURRENT_INSTANCE_TYPE")
    count = len(hosts(environment, folder)[1])
    return Instance(type_ or None, count or None) if type_ or count else None


def hosts(environment: Mapping[str, str] = os.environ, folder: Path = FOLDER) -> tuple[str | None, list[str]]:
    """The name of this host and of all hosts of the training job."""
    resources = _object_in(folder / "input/config/resourceconfig.json")
    listed = resources.get("hosts") or _decoded(environment.get("SM_HOSTS", ""))
    names = [host for host in listed if isinstance(host, str)] if isinstance(listed, list) else []
    return _text(resources.get("current_host")) or environment.get("SM_CURRENT_HOST"), names


def hyperparameters(environment: Mapping[str, str] = os.environ, folder: Path = FOLDER) -> dict[str, Any] | None:
    """The job's hyperparameters. SageMaker takes only texts. Its SDK writes values as JSON into them, which is read here."""
    given = _object_in(folder / "input/config/hyperparameters.json") or _decoded(environment.get("SM_HPS", ""))
    if not isinstance(given, dict):
        return None
    own = {name: value for name, value in given.items() if not name.startswith("sagemaker_") and name not in _TOOLKITS_OWN}
    return {name: _decoded(value) if isinstance(value, str) else value for name, value in own.items()} or None


def notebook_user(folder: Path = FOLDER) -> str | None:
    """Who works in this notebook: Studio's user profile, or else the notebook instance, which has no users of its own."""
    metadata = _object_in(folder / "metadata/resource-metadata.json")
    resource = (_text(metadata.get("ResourceArn")) or "").rpartition(":")[2]
    return _text(metadata.get("UserProfileName")) or (resource if resource.startswith("notebook-instance/") else None)


def _object_in(file: Path) -> dict[str, Any]:
    try:
        value = _decoded(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _decoded(text: str) -> Any:
    """The value of a JSON text. A text that is not JSON is its own value."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
