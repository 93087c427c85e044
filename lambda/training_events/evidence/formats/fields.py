"""What formats share: a field that nobody has recorded is absent, and any value is a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training_events.reading.wording.text import to_json

if TYPE_CHECKING:
    from training_events.catalogue.run import UsedDataset
    from training_events.evidence.facts import Facts


def known(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields that say something."""
    return {name: value for name, value in fields.items() if value not in (None, {}, [])}


def as_text(value: Any) -> str:
    """A text as it is, any other value as JSON."""
    return value if isinstance(value, str) else to_json(value)


def registered_as(facts: Facts, used: UsedDataset) -> str | None:
    """The stream of the dataset of which this is a version; None if nobody has registered it."""
    for stream, state in facts.datasets.items():
        for version in state.versions:
            stored = version.stored
            same_content = stored.sha256 is not None and stored.sha256 == used.sha256
            same_address = used.uri is not None and (stored.uri, stored.version_id) == (used.uri, used.version_id)
            if same_content or (same_address and used.sha256 is None):
                return stream
    return None
