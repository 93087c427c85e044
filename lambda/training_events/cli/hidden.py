"""The option that also lists what is hidden, and what lists say of what they left out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from training_events.reading.listing.visible import Visible

AlsoHidden = Annotated[bool, typer.Option("--all", help="Also what somebody has hidden.")]


def hidden_left_out(visible: Visible[Any]) -> dict[str, int]:
    """What a document says of it at its end."""
    return {"hidden_left_out": visible.left_out}


def tell_hidden(visible: Visible[Any]) -> None:
    """Says it on standard error: standard output has the list, and nothing else."""
    if visible.left_out:
        print(f"{visible.left_out} hidden left out: --all lists them", file=sys.stderr)
