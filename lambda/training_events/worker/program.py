"""A recipe's program, started as SageMaker's training toolkit starts one: the same script runs here and there.

https://github.com/aws/sagemaker-training-toolkit/blob/master/ENVIRONMENT_VARIABLES.md
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training_events.recorder.pinning.fetched import VARIABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from training_events.worker.task import Task


def command_of(task: Task) -> list[str]:
    """The command with the hyperparameters as `--name value`; a name of one letter has one dash, as in the toolkit."""
    arguments = ((f"--{name}" if len(name) > 1 else f"-{name}", _text(value)) for name, value in task.hyperparameters.items())
    return [*task.command, *(part for argument in arguments for part in argument)]


def environment_of(
    task: Task, channels: Mapping[str, Path], origins: Path, base: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """The worker's own variables, the recipe's, and what the program learns of its run.

    The folder of the worker's Python is the first on the PATH: `python` in a recipe is the one that has this package.
    """
    inherited = {name: value for name, value in base.items() if name != "TRAINING_EVENTS_REPRODUCES"}
    path = os.pathsep.join([str(Path(sys.executable).parent), *filter(None, [base.get("PATH")])])
    reproduces = {} if task.reproduces is None else {"TRAINING_EVENTS_REPRODUCES": task.reproduces}
    return {
        **inherited,
        "PATH": path,
        "PYTHONUNBUFFERED": "1",  # what a killed program printed is in its output
        **task.environment,
        "SM_HPS": json.dumps(task.hyperparameters),
        "SM_CHANNELS": json.dumps(sorted(channels)),
        **{f"SM_CHANNEL_{name.upper()}": str(folder) for name, folder in channels.items()},
        **({VARIABLE: str(origins)} if channels else {}),
        "TRAINING_EVENTS_RUN": task.stream.partition("/")[2],
        **reproduces,
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value) if isinstance(value, (int, float)) else json.dumps(value)
