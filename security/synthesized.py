"""Reads what `cdktf synth` wrote: the resources of every environment, by their addresses."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from security.errors import MisuseError

Resource = Mapping[str, Any]


@dataclass(frozen=True)
class Synthesized:
    """One environment as it would be planned: `aws_sqs_queue.name` → what is said of it."""

    environment: str
    resources: Mapping[str, Resource]


def read(folder: Path) -> list[Synthesized]:
    """Every stack of a cdktf.out folder. Raises MisuseError where there is none."""
    files = sorted(folder.glob("stacks/*/cdk.tf.json"))
    if not files:
        raise MisuseError(f"{folder}: there is no stacks/*/cdk.tf.json in it: run `make synth` first")
    return [_stack(file) for file in files]


def _stack(file: Path) -> Synthesized:
    try:
        declared = json.loads(file.read_text(encoding="utf-8"))["resource"]
        # "//" is cdktf's note to itself
        resources = {
            f"{kind}.{name}": {key: value for key, value in resource.items() if key != "//"}
            for kind, named in declared.items()
            for name, resource in named.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise MisuseError(f"{file}: cannot be read as synthesized Terraform JSON: {error!r}") from None
    return Synthesized(file.parent.name.removeprefix("training-"), resources)
