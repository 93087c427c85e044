"""A model: what serves each stage, then its versions and its promotions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training_events.cli.run_spec import named_values
from training_events.cli.style import RED, YELLOW, style_of_status
from training_events.cli.table import print_fields
from training_events.cli.views.heading import closing_fields, opening_fields, print_table, said_fields, time_or_none
from training_events.proof.run_head import ALTERED, described

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from training_events.folds.logged_model import Logged
    from training_events.folds.model import ModelState
    from training_events.proof.run_head import RunSince


def print_model(state: ModelState, asked: Mapping[str, str | None], runs_since: Mapping[str, RunSince]) -> None:
    nothing = None if state.stages else "nothing"
    fields = opening_fields(state, state.status, asked) | {"retired at": state.retired_at, "serving": nothing}
    print_fields(fields | said_fields(state), {"status": style_of_status})
    if state.logged is not None:
        _print_logged(state.logged)
    print_table(
        ("stage", "version", "since", "promoted by", "run"),
        (24, 16, 20, 24),
        _serving_rows(state),
        optional=("since", "promoted by"),
    )
    _print_runs_since(runs_since)
    titles = ("version", "stages", "registered at", "retired at", "approval", "run")
    print_table(titles, (16, 24, 20, 20, 22), _version_rows(state), optional=("approval", "retired at", "run"))
    print_table(("version", "tags", "description"), (16, 32), _said_rows(state), optional=("tags",))
    print_table(("promoted at", "version", "stage", "by"), (20, 16, 24), _promotion_rows(state))
    print()
    print_fields(closing_fields(state))


def _print_logged(logged: Logged) -> None:
    """What a training has logged of the model."""
    print()
    print_fields(
        {
            "logged": f"{logged.name or 'a model'}: {logged.status}",
            "type": logged.model_type,
            "made by": logged.run,
            "of the group": logged.group,
            "params": named_values(logged.params) or None,
            "stored at": None if logged.artifact is None else logged.artifact.uri,
            "files": f"{logged.artifacts_saved:,}" if logged.artifacts_saved else None,
        }
    )
    rows = ((it.name, it.reading.value, it.reading.step, it.dataset_name or it.dataset_digest) for it in logged.metrics)
    print_table(("metric", "latest", "step", "on"), (32, 16, 10), rows, optional=("step", "on"))


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
        hidden = " (hidden)" if version.hidden_at else ""
        stages = ", ".join(version.stages) or None
        yield f"{name}{again}{hidden}", stages, *times, version.approval_status, version.run


def _said_rows(state: ModelState) -> Iterable[tuple[Any, ...]]:
    """What people have said of versions, where they have."""
    for name, version in state.versions.items():
        if version.description or version.tags:
            yield name, named_values(version.tags) or None, version.description


def _promotion_rows(state: ModelState) -> Iterable[tuple[Any, ...]]:
    for promotion in state.promotions:
        yield time_or_none(promotion.at), promotion.version, promotion.stage, promotion.promoted_by
