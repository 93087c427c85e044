"""Tags of models and versions as MLflow gives them. Nothing of one is cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from training_events.interchange.mlflow.limits import texts_of_tags
from training_events.interchange.mlflow.problems import invalid

if TYPE_CHECKING:
    from collections.abc import Iterable


class GivenTag(Protocol):
    @property
    def key(self) -> str: ...
    @property
    def value(self) -> str: ...


def tags_of(tags: Iterable[GivenTag] | None) -> dict[str, str | None]:
    """The values by their names; of two with one name the last one counts. Raises MLflow's exception for what is no tag."""
    given = texts_of_tags({tag.key: tag.value for tag in tags or ()})
    if without := next((key for key, value in given.items() if value is None), None):
        raise invalid(f"the tag {without!r} has no value; allowed is text")
    return given


def checked_key(key: str | None) -> str:
    """The name of a tag that is to be removed. Raises MLflow's exception where it is none."""
    texts_of_tags({key: None})
    return str(key)
