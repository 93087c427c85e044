"""Reads what `cdktf synth` wrote: the resources of every environment, by their addresses."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from security.errors import GateError, MisuseError

# A module or a data source brings in what is written elsewhere; nothing here would look at it.
_LOOKED_AT = {"//", "locals", "output", "provider", "resource", "terraform"}
# What makes of a resource something else than is written here, or runs a command.
_UNSEEN = {"count", "dynamic", "for_each", "provisioner"}

Resource = Mapping[str, Any]


@dataclass(frozen=True)
class Synthesized:
    """One environment as it would be planned: `aws_sqs_queue.name` → what is said of it."""

    environment: str
    resources: Mapping[str, Resource]


def read(folder: Path) -> list[Synthesized]:
    """Every stack of a cdktf.out folder. Raises MisuseError where there is none, GateError where a part cannot be judged."""
    files = sorted(folder.glob("stacks/*/cdk.tf.json"))
    if not files:
        raise MisuseError(f"{folder}: there is no stacks/*/cdk.tf.json in it: run `make synth` first")
    return [_stack(file) for file in files]


def strictly_read(text: str) -> Any:
    """JSON in which no key stands twice: who reads it otherwise, as Terraform does, may find the one that is not seen here."""
    return json.loads(text, object_pairs_hook=_object)


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    if twice := [key for key in keys if keys.count(key) > 1]:
        raise ValueError(f"the key {twice[0]} is there twice")
    return dict(pairs)


def _stack(file: Path) -> Synthesized:
    try:
        content = strictly_read(file.read_text(encoding="utf-8"))
        # "//" is cdktf's note to itself
        resources = {
            f"{kind}.{name}": {key: value for key, value in resource.items() if key != "//"}
            for kind, named in content["resource"].items()
            for name, resource in named.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise MisuseError(f"{file}: cannot be read as synthesized Terraform JSON: {error!r}") from None
    unseen = sorted(content.keys() - _LOOKED_AT)
    unseen += [f"{address}: {key}" for address, values in resources.items() for key in sorted(values.keys() & _UNSEEN)]
    if unseen:
        raise GateError(f"{file}: {unseen[0]}: no rule can see what comes of it: declare each resource itself")
    return Synthesized(file.parent.name.removeprefix("training-"), resources)
