"""What a run pins beside MLflow's tags, where the training runs in this process: packages, changes of the code, the machine."""

from __future__ import annotations

import os
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training_events.catalogue.stored import Stored
from training_events.recorder.identity import named_run
from training_events.recorder.options import RunOptions
from training_events.recorder.pinning.spec import pinned_spec

if TYPE_CHECKING:
    from training_events.interchange.mlflow.workspace import Workspace

_SERVER_VARIABLES = ("_MLFLOW_SERVER_FILE_STORE", "_MLFLOW_SERVER_ARTIFACT_ROOT")
"""What `mlflow server` gives its worker processes. They do not train: what they run says nothing of a run."""


def pinned(workspace: Workspace, stream: str, user: str | None) -> dict[str, Any]:
    """The spec of a run that starts now, as `record_run` pins it; nothing in a server."""
    if not _trains_here():
        return {}

    def keep(patch: bytes) -> Stored:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, f"changes-{sha256(patch).hexdigest()}.patch")
            path.write_bytes(patch)
            return workspace.store_file(path, f"code/{stream}/{path.name}")

    return pinned_spec(RunOptions(requested_by=user), pin=lambda _: Stored(), keep=keep)


def run_of_this_process() -> str | None:
    """The name of the run that a launcher has named for this process: a job of SageMaker, a worker, a run done again."""
    named = named_run() if _trains_here() else None
    return None if named is None else named.partition("/")[2]


def _trains_here() -> bool:
    return not any(variable in os.environ for variable in _SERVER_VARIABLES)
