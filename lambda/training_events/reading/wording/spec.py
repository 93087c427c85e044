"""What a run was made from, before it is told: the spec that stands, and what of it is only counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

import msgspec

if TYPE_CHECKING:
    from training_events.folds.run_state import RunState


def standing_spec(state: RunState) -> dict[str, Any]:
    """What the newest attempt pinned, with the hyperparameters and datasets that were recorded since."""
    standing = {"datasets": msgspec.to_builtins(state.lineage.datasets), "hyperparameters": state.hyperparameters}
    return (state.spec or {}) | {name: value for name, value in standing.items() if value}


def is_list_of_packages(value: Any) -> TypeGuard[dict[str, Any]]:
    """False where the event has no list of them: too many for an event are elsewhere, and it says where."""
    return isinstance(value, dict) and bool(value) and "sha256" not in value


def number_of_packages(spec: dict[str, Any]) -> int | None:
    """None where the event has no list of them."""
    packages = spec.get("packages")
    return len(packages) if is_list_of_packages(packages) else None
