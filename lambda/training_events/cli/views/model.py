"""A model: what serves each stage, then its versions and its promotions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training_events.cli.style import RED, YELLOW, style_of_status
from training_events.cli.table import print_fields
from training_events.cli.views.heading import closing_fields, opening_fields, print_table, said_fields, time_or_none
from training_events.proof.run_head import ALTERED, described

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from training_events.folds.model import ModelState
    from training_events.proof.run_head import RunSince


def print_model(state: ModelState, asked: Mapping[str, str | None], runs_since: Mapping[str, RunSince]) -> None:
    nothing = None if state.stages else "nothing"
    fields = opening_fields(state, state.status, asked) | {"retired at": state.retired_at, "serving": nothing}
    print_fields(fields | said_fields(state), {"status": style_of_status})
    print_table(
        ("stage", "version", "since", "promoted by", "run"),
        (24, 16, 20, 24),
        _serving_rows(state),
        optional=("since", "promoted by"),
    )
    _print_runs_since(runs_since)
    titles = ("version", "stages", "registered at", "retired at", "approval", "run")
    print_table(titles, (16, 24, 20, 20, 22), _version_rows(state), optional=("approval", "retired at", "run"))
    print_table(("promoted at", "version", "stage", "by"), (20, 16, 24), _promotion_rows(state))
    print()
    print_fields(closing_fields(state))


def _serving_rows(state: ModelState) -> Iterable[tuple[Any, ...]]:
    promoted = {promotion.stage: promotion for promotion in state.promotions}
    for stage, version in sorted(state.stages.items()):
        newest = promoted.get(stage)  # the state keeps only the newest promotions
        since, by = (None, None) if newest is None else (time_or_none(newest.at), newest.promoted_by)
        yield stage, version, since, by, state.versions[version].run


def _print_runs_since(runs_since: Mapping[str, RunSince]) -> None:
    """What became of the runs since versions were registered, where anything did."""
    told = {f"version {name}": text for name, since in runs_since.items() if (text := described(since)) is not None}
    if told:
        print()
        print_fields(told, dict.fromkeys(told, _style_of_what_became))


def _style_of_what_became(text: str) -> str:
    return RED if text.startswith(ALTERED) else YELLOW


def _version_rows(state: ModelState) -> Iterable[tuple[Any, ...]]:
    for name, version in state.versions.items():
        times = map(time_or_none, (version.registered_at, version.retired_at))
        again = f" (registered {version.registrations} times)" if version.registrations > 1 else ""
        yield f"{name}{again}", ", ".join(version.stages) or None, *times, version.approval_status, version.run


def _promotion_rows(state: ModelState) -> Iterable[tuple[Any, ...]]:
    for promotion in state.promotions:
        yield time_or_none(promotion.at), promotion.version, promotion.stage, promotion.promoted_by
