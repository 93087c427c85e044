"""An environment as it was synthesized: its resources by type, and its functions by what they do."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from costs.errors import CostsError

Arguments = Mapping[str, Any]

HANDLERS = "training_events.handlers."
_REFERENCE = re.compile(r"\$\{(\w+)\.(\w+)\.\w+\}")


@dataclass(frozen=True)
class Function:
    """role: the handler's module, which never changes, such as `event_processor`; another function has its address."""

    role: str
    gigabytes: float
    architecture: str
    is_traced: bool

    @property
    def title(self) -> str:
        return self.role.replace("_", " ")


@dataclass(frozen=True)
class Stack:
    """resources: the arguments of each, by type and name."""

    name: str
    region: str
    resources: Mapping[str, Mapping[str, Arguments]]

    @classmethod
    def of(cls, name: str, content: Mapping[str, Any]) -> Self:
        """The stack in synthesized Terraform JSON. Raises CostsError."""
        try:
            return cls(name, content["provider"]["aws"][0]["region"], content["resource"])
        except (KeyError, IndexError, TypeError) as error:
            raise CostsError(f"{name}: cannot be read as synthesized Terraform JSON: {error!r}") from None

    def all(self, kind: str) -> Mapping[str, Arguments]:
        """The resources of a type, by name."""
        return self.resources.get(kind, {})

    def function(self, role: str) -> Function | None:
        """The function with this handler, if there is one."""
        found = (_function(name, values) for name, values in self.all("aws_lambda_function").items())
        return next((function for function in found if function.role == role), None)

    def referred(self, reference: str) -> tuple[str, str, Arguments]:
        """The resource that a reference such as `${aws_lambda_function.name.arn}` means; its type, its name, its arguments.

        All three are empty if it means none of this stack.
        """
        match = _REFERENCE.fullmatch(reference)
        if match and (values := self.all(match[1]).get(match[2])):
            return match[1], match[2], values
        return "", "", {}

    def referred_function(self, reference: str) -> Function | None:
        """The function that a reference means, if it means one."""
        kind, name, values = self.referred(reference)
        return _function(name, values) if kind == "aws_lambda_function" else None

    def batch_size(self, function: Function) -> int:
        """How many records of the change stream a call of the function gets at most. Without a mapping, one."""
        mappings = self.all("aws_lambda_event_source_mapping").values()
        sizes = [values["batch_size"] for values in mappings if self.referred_function(values["function_name"]) == function]
        return int(sizes[0]) if sizes else 1


def _function(name: str, values: Arguments) -> Function:
    handler = str(values.get("handler", ""))
    role = handler.removeprefix(HANDLERS).removesuffix(".handler") if handler.startswith(HANDLERS) else name
    return Function(
        role,
        values.get("memory_size", 128) / 1024,  # 128 MB is Lambda's default
        values.get("architectures", ["x86_64"])[0],
        values.get("tracing_config", {}).get("mode") == "Active",
    )
