"""The name of a run that does another one again."""

from __future__ import annotations

import re
import uuid

_MAX_KEPT = 40
"""Letters of the original's name: together with the rest, a SageMaker job may have the name, which takes 63."""


def name_of_reproduction(stream: str) -> str:
    """`digits-7-again-3f9a01c2` for `run/digits-7`: another one at each call, and fit for a job and a folder."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", stream.partition("/")[2])[:_MAX_KEPT].strip("-")
    return f"{name or 'run'}-again-{uuid.uuid4().hex[:8]}"
