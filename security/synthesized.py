"""Reads the resources of every environment, by their addresses, from what `cdktf synth` wrote."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from security.errors import GateError, MisuseError

# Others, such as a module or a data source, bring in content that is not in the JSON, and that no check here would see.
_CHECKED = {"//", "locals", "output", "provider", "resource", "terraform"}
# Arguments that change what a resource becomes, or run a command. No check here sees the effect.
_UNCHECKED = {"count", "dynamic", "for_each", "provisioner"}

Resource = Mapping[str, Any]


@dataclass(frozen=True)
class Synthesized:
    """One environment. resources: the arguments of each resource, by its address such as `aws_sqs_queue.name`."""

    environment: str
    resources: Mapping[str, Resource]


def read(folder: Path) -> list[Synthesized]:
    """Every stack of a cdktf.out folder. Raises MisuseError if there is none, GateError if a part cannot be checked."""
    files = sorted(folder.glob("stacks/*/cdk.tf.json"))
    if not files:
        raise MisuseError(f"{folder}: there is no stacks/*/cdk.tf.json in it: run `make synth` first")
    return [_stack(file) for file in files]


def parse_strictly(text: str) -> Any:
    """Parse JSON. Raises ValueError for a key that is there twice: of the two, Terraform might use the one not seen here."""
    return json.loads(text, object_pairs_hook=_object)


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    if duplicates := [key for key in keys if keys.count(key) > 1]:
        raise ValueError(f"the key {duplicates[0]} is there twice")
    return dict(pairs)


def _stack(file: Path) -> Synthesized:
    try:
        content = parse_strictly(file.read_text(encoding="utf-8"))
        # "//" has cdktf's own notes
        resources = {
            f"{kind}.{name}": {key: value for key, value in resource.items() if key != "//"}
            for kind, named in content["resource"].items()
            for name, resource in named.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise MisuseError(f"{file}: cannot be read as synthesized Terraform JSON: {error!r}") from None
    unchecked = sorted(content.keys() - _CHECKED)
    unchecked += [f"{address}: {key}" for address, values in resources.items() for key in sorted(values.keys() & _UNCHECKED)]
    if unchecked:
        raise GateError(f"{file}: {unchecked[0]}: no check can see its effect: declare each resource itself")
    return Synthesized(_environment(file.parent.name, content), resources)


def _environment(stack: str, content: Mapping[str, Any]) -> str:
    """The name of a stack without the prefix, which is a setting: cdktf notes the stack's name, and a tag the environment's."""
    try:
        environment = content["provider"]["aws"][0]["default_tags"][0]["tags"]["environment"]
        return stack.removeprefix(content["//"]["metadata"]["stackName"].removesuffix(environment))
    except LookupError:
        return stack
