"""Deploys the local environment as `make local` does, and keeps it running: `python -m tests.local_aws.deploy FOLDER`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from local.endpoints import Endpoints
from local.environment import LocalEnvironment, local_environment
from tests.support.deployments import DEPLOYED, keep, note_of


@contextmanager
def _deployed() -> Iterator[dict[str, Any]]:
    with local_environment("test") as environment:
        yield asdict(environment) | {"folder": str(environment.folder), "build": str(environment.build)}


def deployed_environment(folder: Path) -> LocalEnvironment:
    """The environment that this session's program keeps running."""
    note = note_of(folder, DEPLOYED)
    return LocalEnvironment(Endpoints(**note["endpoints"]), note["outputs"], Path(note["folder"]), Path(note["build"]))


if __name__ == "__main__":
    keep(Path(sys.argv[1]), DEPLOYED, _deployed())
