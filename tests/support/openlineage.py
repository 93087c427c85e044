"""OpenLineage's own Python client as a judge: what its classes and its transport take, and give back unchanged."""

import importlib
import json
import pkgutil
import types
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import attr
from openlineage.client import generated
from openlineage.client.event_v2 import RunEvent
from openlineage.client.generated.base import BaseFacet, RunFacet
from openlineage.client.transport.file import FileConfig, FileTransport


def _facets() -> dict[str, Any]:
    """OpenLineage's facets by the address of their schema, with the version that the client has."""
    found = {}
    for module in pkgutil.iter_modules(generated.__path__):
        for kind in vars(importlib.import_module(f"{generated.__name__}.{module.name}")).values():
            if isinstance(kind, type) and issubclass(kind, BaseFacet):
                found[kind._get_schema()] = kind  # noqa: SLF001 - the client has no public way to it
    return found


FACETS = _facets()


def taken_by_client(body: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The run event as the client's own transport writes it, after its classes have taken every field of it.

    A field that a class does not know, and a value that it does not allow, raise.
    """
    file = folder / "emitted.json"
    # the client itself would add a tag that says which client it is
    FileTransport(FileConfig(log_file_path=str(file), append=True)).emit(_made(RunEvent, body))
    *_, newest = file.read_text(encoding="utf-8").splitlines()
    return without_nothing(json.loads(newest))  # type: ignore[no-any-return]


def without_nothing(value: Any) -> Any:
    """The value without nulls, which the client leaves out, and without empty objects, which it adds."""
    if isinstance(value, dict):
        return {key: kept for key, item in value.items() if (kept := without_nothing(item)) not in (None, {})}
    return [without_nothing(item) for item in value] if isinstance(value, list) else value


def _made(kind: Any, value: Any) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        [kind] = [option for option in get_args(kind) if option is not type(None)]
        return None if value is None else _made(kind, value)
    if origin is list:
        return [_made(get_args(kind)[0], item) for item in value]
    if origin is dict:
        return {key: _made(get_args(kind)[1], item) for key, item in value.items()}
    if not attr.has(kind):
        return kind(value)
    if issubclass(kind, BaseFacet):
        kind = FACETS.get(value["_schemaURL"]) or _custom(value)
    hints = get_type_hints(kind)
    given = {field: item for field, item in value.items() if field not in ("_schemaURL", "schemaURL")}
    made = kind(**{field.lstrip("_"): _made(hints[field], item) for field, item in given.items()})
    for field in ("_schemaURL", "schemaURL"):
        assert field not in value or getattr(made, field) == value[field]
    return made


def _custom(value: dict[str, Any]) -> Any:
    """A class for a facet that OpenLineage does not know."""
    fields = {name: attr.field(type=None) for name in value if not name.startswith("_")}
    kind: Any = attr.make_class("CustomFacet", fields, bases=(RunFacet,), kw_only=True)
    kind._get_schema = staticmethod(lambda: value["_schemaURL"])  # noqa: SLF001 - as above
    kind.__annotations__ = dict.fromkeys(fields, _Anything)
    return kind


class _Anything:
    def __new__(cls, value: Any) -> Any:
        return value
