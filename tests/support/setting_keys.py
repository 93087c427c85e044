"""Every setting with its default, for tests of documents that list them."""

from typing import Any

from pydantic import BaseModel

from stacks.settings import Settings


def defaults(model: type[BaseModel] = Settings, prefix: str = "") -> dict[str, Any]:
    """The default of each setting, by its key such as `events.archive_days`; PydanticUndefined if a setting is required."""
    keys: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            keys |= defaults(field.annotation, f"{name}.")
        elif name != "environment":
            keys[prefix + name] = field.default
    return keys
