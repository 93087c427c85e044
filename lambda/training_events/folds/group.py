"""The state of a group: what people say of it. The runs in it are those whose tag `group` is its name."""

from __future__ import annotations

from typing import Any, Literal

from training_events.folds.stream_state import StreamState


class GroupState(StreamState):
    """A group: an experiment, a sweep, a study. It neither begins nor ends by itself."""

    kind: Literal["group"] = "group"
    status: Literal["active"] = "active"


APPLY: dict[Any, Any] = {}
"""Nothing but what is said of any stream is said of a group."""
