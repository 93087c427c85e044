"""What a view says of a stream of any kind: at its top what people call it, at its end where it stands in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from training_events.cli.run_spec import named_values
from training_events.cli.table import LOOK_AHEAD_ROWS, print_rows
from training_events.reading.wording.state import GROUP, hidden_text
from training_events.reading.wording.times import short_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from training_events.cli.table import Styles
    from training_events.folds import State


def opening_fields(state: State, status: str, asked: Mapping[str, str | None]) -> dict[str, Any]:
    """`asked` says as of when, if the state is a past one."""
    return {"stream": state.stream, "name": state.name, **asked, "status": status, "hidden": hidden_text(state.hidden)}


def said_fields(state: State) -> dict[str, Any]:
    """What people have said of it."""
    tags = {key: value for key, value in state.tags.items() if key != GROUP}
    return {"group": state.tags.get(GROUP), "tags": named_values(tags) or None, "description": state.description}


def closing_fields(state: State) -> dict[str, Any]:
    not_folded = {name: count for name, count in msgspec.to_builtins(state.counts).items() if count and name != "events"}
    skipped = f" ({', '.join(f'{count} {name}' for name, count in not_folded.items())})" if not_folded else ""
    return {
        "events": f"{state.counts.events}{skipped}",
        "last event": state.last_at,
        "order unknown": "; ".join(f"{subject}, at {at}" for subject, at in sorted(state.order_unknown.items())) or None,
    }


def print_table(
    titles: tuple[str, ...],
    widths: tuple[int, ...],
    rows: Iterable[tuple[Any, ...]],
    *,
    optional: tuple[str, ...] = (),
    styles: Styles | None = None,
) -> None:
    """A table behind an empty line, if there are rows."""
    shown = [tuple("-" if cell is None else str(cell) for cell in row) for row in rows]
    if shown:
        print()
        print_rows(titles, widths, shown, max(len(shown), LOOK_AHEAD_ROWS), optional=optional, styles=styles)


def time_or_none(time: str | None) -> str | None:
    return None if time is None else short_time(time)
