"""Queries on a stack's synthesized JSON, for tests."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self


class StackJson:
    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The JSON that cdktf wrote to a stack's folder."""
        return cls(json.loads((folder / "cdk.tf.json").read_text(encoding="utf-8")))

    def all(self, kind: str) -> dict[str, dict[str, Any]]:
        """Every resource of a Terraform type, by its name."""
        return dict(self.content["resource"].get(kind, {}))

    def one(self, kind: str, containing: str = "") -> dict[str, Any]:
        """The only resource of a type whose name contains the text."""
        (resource,) = (resource for name, resource in self.all(kind).items() if containing in name)
        return resource

    def reference(self, kind: str, attribute: str, containing: str = "") -> str:
        """`${kind.name.attribute}` of the only resource of a type whose name contains the text."""
        (name,) = (name for name in self.all(kind) if containing in name)
        return f"${{{kind}.{name}.{attribute}}}"

    def resources(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for kind, of_kind in self.content["resource"].items():
            for name, resource in of_kind.items():
                yield kind, name, resource

    def statements(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every statement of every policy, with the address of its resource."""
        for kind, name, resource in self.resources():
            for key in ("policy", "assume_role_policy"):
                if key in resource:
                    for statement in json.loads(resource[key])["Statement"]:
                        yield f"{kind}.{name}", statement

    def role_statements(self, containing: str) -> list[dict[str, Any]]:
        """The statements of the only role whose Terraform name contains the text."""
        return [
            statement
            for address, statement in self.statements()
            if address.startswith("aws_iam_role_policy.") and containing in address
        ]

    def grants(self, containing: str) -> set[tuple[str, str]]:
        """What that role may do, as pairs of an action and a resource."""
        return {
            (action, resource)
            for statement in self.role_statements(containing)
            if statement["Effect"] == "Allow"
            for action in statement["Action"]
            for resource in statement["Resource"]
        }
