"""Lists every setting with its default, the allowed values and its meaning, for new settings files and for the documents."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeGuard, get_args

from pydantic import BaseModel

from stacks.settings.model import Settings

_WITHOUT_A_VALUE = "; by default "


class Setting(NamedTuple):
    """One setting of the model. Where it has no default, `example` is a value and `otherwise` says what holds without one."""

    key: str
    is_required: bool
    default: Any
    example: Any
    allowed: str
    meaning: str
    otherwise: str


def settings(section: type[BaseModel] = Settings, prefix: str = "") -> Iterator[Setting]:
    """All settings in the order of the model. A key contains its section, as in `events.archive_days`, and where a section has
    a name that the file gives it, `<name>` in its place.
    """
    schemas = section.model_json_schema()["properties"]
    for name, field in section.model_fields.items():
        if is_section(field.annotation):
            yield from settings(field.annotation, f"{name}.")
        elif named := named_section(field.annotation):
            yield from settings(named, f"{name}.<name>.")
        elif name != "environment":  # the file's name
            yield _setting(prefix + name, schemas[name], is_required=field.is_required())


def is_section(annotation: Any) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def named_section(annotation: Any) -> type[BaseModel] | None:
    """What each section is of which the file may have several, as `[teams.<name>]`; None for any other setting."""
    return next(filter(is_section, get_args(annotation)), None)


def _setting(key: str, schema: Mapping[str, Any], *, is_required: bool) -> Setting:
    meaning, _, otherwise = " ".join(schema["description"].split()).removesuffix(".").partition(_WITHOUT_A_VALUE)
    default = None if otherwise else schema.get("default")
    return Setting(key, is_required, default, schema.get("examples", [None])[0], _allowed(schema), meaning, otherwise)


def _allowed(schema: Mapping[str, Any]) -> str:
    """The choices or bounds in the model, in words."""
    bounds = schema | schema.get("anyOf", [{}])[0]  # for a setting that may be absent, they are in the first alternative
    if "enum" in bounds:
        return " or ".join(f'"{choice}"' for choice in bounds["enum"])
    if "maximum" in bounds:
        return f"{bounds['minimum']} to {bounds['maximum']}"
    if "minimum" in bounds:
        return f"at least {bounds['minimum']}"
    return f"at most {bounds['maxItems']}" if "maxItems" in bounds else ""
