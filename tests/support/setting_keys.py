"""Every setting with its default, for tests of documents that list them."""

from typing import Any

from pydantic import BaseModel

from stacks.settings import Settings
from stacks.settings.listing import is_section, named_section


def defaults(model: type[BaseModel] = Settings, prefix: str = "") -> dict[str, Any]:
    """The default of each setting, by its key such as `events.archive_days`; PydanticUndefined if a setting is required."""
    keys: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if is_section(field.annotation):
            keys |= defaults(field.annotation, f"{name}.")
        elif named := named_section(field.annotation):
            keys |= defaults(named, f"{name}.<name>.")
        elif name != "environment":
            keys[prefix + name] = field.default
    return keys
