"""What an import has read and recorded, and what it could not record: nothing is left out without a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from training_events.canonical import canonical_json
from training_events.redaction.values import redacted

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_VALUE_BYTES = 64 * 1024
"""Of a tag, a param or a description. A longer one belongs into an artifact."""


class Left(Struct, frozen=True):
    """Something of the store that is not in the log: what it is, and why."""

    what: str
    why: str


class Report(Struct):
    """What was read of the store, and what of it was `recorded`: the rest was in the log before."""

    experiments: int = 0
    runs: int = 0
    points: int = 0
    artifacts: int = 0
    logged_models: int = 0
    registered_models: int = 0
    recorded: int = 0
    left: list[Left] = field(default_factory=list)
    redacted: list[str] = field(default_factory=list)

    def leave(self, what: str, why: str) -> None:
        self.left.append(Left(what, why))

    def without_credentials(self, stream: str, data: Mapping[str, Any]) -> dict[str, Any]:
        """The data as the log may have it. The report names each field that held what looks like a credential."""
        clean, fields = redacted(dict(data))
        self.redacted += [f"{stream}: {path}" for path in dict.fromkeys(fields)]
        return dict(clean)

    def values(self, stream: str, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Values by name (`tags`), as the log may have them: without credentials, and without those that are too large."""
        clean = self.without_credentials(stream, {name: dict(values)})[name]
        fitting = {}
        for key, value in clean.items():
            if (size := len(canonical_json(value))) > MAX_VALUE_BYTES:
                self.leave(f"{stream}: {name}.{key:.80}", f"the value has {size} bytes; allowed: {MAX_VALUE_BYTES}")
            else:
                fitting[key] = value
        return fitting
