"""Who uses this machine: whom an event names, unless the caller names somebody."""

from __future__ import annotations

import getpass
import os
from typing import TYPE_CHECKING

from training_events.recorder.pinning import sagemaker

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


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
