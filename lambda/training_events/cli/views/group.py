"""A group: what people say of it, and how to list the runs in it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from training_events.cli.style import style_of_status
from training_events.cli.table import print_fields
from training_events.cli.views.heading import closing_fields, opening_fields, said_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from training_events.folds.group import GroupState


def print_group(state: GroupState, asked: Mapping[str, str | None]) -> None:
    listed = shlex.join(["training-events", "runs", "--group", state.stream.partition("/")[2]])
    fields = opening_fields(state, state.status, asked) | said_fields(state) | {"its runs": listed}
    print_fields(fields, {"status": style_of_status})
    print()
    print_fields(closing_fields(state))
