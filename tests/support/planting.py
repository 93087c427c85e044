"""Plants a weakness in the synthesized JSON of an environment, for tests which show that a check finds it."""

import copy
import json
from collections.abc import Callable
from typing import Any

from tests.support.stack_json import StackJson

Plant = Callable[[StackJson], None]


def planted(stack: StackJson, plant: Plant) -> StackJson:
    """A copy of the environment with the weakness in it."""
    copied = StackJson(copy.deepcopy(stack.content))
    plant(copied)
    return copied


def changed(kind: str, containing: str = "", **attributes: Any) -> Plant:
    """Change attributes of the only resource of a type whose name contains the text. None removes an attribute."""

    def plant(stack: StackJson) -> None:
        resource = stack.one(kind, containing)
        for key, value in attributes.items():
            if value is None:
                del resource[key]
            else:
                resource[key] = value

    return plant


def added(kind: str, **attributes: Any) -> Plant:
    """Add a resource."""

    def plant(stack: StackJson) -> None:
        stack.content["resource"].setdefault(kind, {})["planted"] = attributes

    return plant


def removed(kind: str) -> Plant:
    """Remove every resource of a type."""

    def plant(stack: StackJson) -> None:
        del stack.content["resource"][kind]

    return plant


def statements(kind: str, containing: str, change: Callable[[list[dict[str, Any]]], None], key: str = "policy") -> Plant:
    """Change the statements of a policy."""

    def plant(stack: StackJson) -> None:
        resource = stack.one(kind, containing)
        policy = json.loads(resource[key])
        change(policy["Statement"])
        resource[key] = json.dumps(policy)

    return plant


def allowed(kind: str, containing: str = "", key: str = "policy", **statement: Any) -> Plant:
    """Add a statement that allows something."""
    return statements(kind, containing, lambda listed: listed.append({"Effect": "Allow"} | statement), key)


def trusted(containing: str, **statement: Any) -> Plant:
    """Let somebody else assume the role."""
    return allowed("aws_iam_role", containing, "assume_role_policy", **statement)


def variable(value: str, name: str = "PLANTED") -> Plant:
    """Add an environment variable to the projector."""

    def plant(stack: StackJson) -> None:
        stack.one("aws_lambda_function", "projector")["environment"]["variables"][name] = value

    return plant
