"""What SageMaker takes in a CreateTrainingJob request, asked before it is sent: a refusal then names the field.

botocore has Amazon's own model of the request. Its validator checks types, required members and smallest lengths; the model
also says longest lengths, patterns and allowed values, which are checked here. What the model does not say is written in the
API's reference: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from unicodedata import category

import botocore

from training_events import aws
from training_events.errors import JsonPath, NotStartable
from training_events.stores.near_names import near_names

if TYPE_CHECKING:
    from botocore.model import ListShape, MapShape, Shape, StructureShape

DEFAULT_MAX_RUNTIME_SECONDS = 24 * 60 * 60
"""How long a training may run where the request does not say it."""
_MAX_INTEGERS = {"integer": 2**31 - 1, "long": 2**63 - 1}


def check(request: dict[str, Any]) -> None:
    """Raises NotStartable, with the first field that SageMaker would refuse.

    The model is read once a session, and a client of SageMaker reads the same one.
    """
    _structure(input_shape(), request, ())
    _check_algorithm(request)
    _check_resources(request.get("ResourceConfig", {}), needed="ServerlessJobConfig" not in request)
    _check_spot(request)
    _check_channels(request.get("InputDataConfig", []))
    _check_tags(request.get("Tags", []))


def input_shape() -> StructureShape:
    """The request as botocore's model of SageMaker describes it."""
    shape = aws.session().get_service_model("sagemaker").operation_model("CreateTrainingJob").input_shape
    assert shape is not None  # noqa: S101 - each operation that takes anything has one
    return shape


def _value(shape: Shape, value: Any, path: JsonPath) -> None:
    check_of_type = _OF_TYPE.get(shape.type_name)
    if check_of_type is not None:  # a later model may have types that this one does not use
        check_of_type(shape, value, path)


def _structure(shape: StructureShape, value: Any, path: JsonPath) -> None:
    if not isinstance(value, dict):
        raise _wrong_type(value, "an object", path)
    for name in value:
        if name not in shape.members:
            near = near_names(str(name), shape.members) or sorted(shape.members)
            raise NotStartable((*path, str(name)), "SageMaker has no such field", ", ".join(near))
    for name in shape.required_members:
        if name not in value:
            raise NotStartable((*path, name), "it is missing", _allowed(shape.members[name]))
    for name, member in value.items():
        _value(shape.members[name], member, (*path, name))


def _list(shape: ListShape, value: Any, path: JsonPath) -> None:
    if not isinstance(value, list):
        raise _wrong_type(value, "a list", path)
    _size(shape, len(value), "entries", path)
    for index, item in enumerate(value):
        _value(shape.member, item, (*path, index))


def _map(shape: MapShape, value: Any, path: JsonPath) -> None:
    if not isinstance(value, dict):
        raise _wrong_type(value, "an object", path)
    _size(shape, len(value), "entries", path)
    for name, item in value.items():
        _text(shape.key, name, (*path, str(name)), "its name ")
        _value(shape.value, item, (*path, name))


def _text(shape: Shape, value: Any, path: JsonPath, whose: str = "") -> None:
    if not isinstance(value, str):
        raise _wrong_type(value, "text", path)
    if enum := shape.metadata.get("enum"):
        if value not in enum:
            raise NotStartable(path, f"{value!a:.60} is none of its values", _named(value, enum))
        return
    _size(shape, len(value), "characters", path, whose)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise NotStartable(path, f"{whose}has half of a surrogate pair", "text that UTF-8 can encode") from None
    pattern = shape.metadata.get("pattern")
    if pattern is not None and not _compiled(pattern).fullmatch(_for_pattern(value, pattern)):
        has_break = _LINE_BREAK.search(value) and not _compiled(pattern).fullmatch("\n")
        what = "has a newline" if has_break else f"is {value!a:.60}"
        raise NotStartable(path, whose + what, _allowed(shape))


def _integer(shape: Shape, value: Any, path: JsonPath) -> None:
    if type(value) is not int:
        raise _wrong_type(value, "a whole number", path)
    least, most = _bounds(shape)
    most = _MAX_INTEGERS[shape.type_name] if most is None else most
    least = -_MAX_INTEGERS[shape.type_name] - 1 if least is None else least
    if not least <= value <= most:
        raise NotStartable(path, f"is {value:d}" if abs(value) < 10**20 else "is far too large", f"{least} to {most}")


def _boolean(_: Shape, value: Any, path: JsonPath) -> None:
    if type(value) is not bool:
        raise _wrong_type(value, "true or false", path)


_OF_TYPE: dict[str, Any] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _text,
    "integer": _integer,
    "long": _integer,
    "boolean": _boolean,
}


def _size(shape: Shape, size: int, unit: str, path: JsonPath, whose: str = "") -> None:
    least, most = _bounds(shape)
    if size < (least or 0) or (most is not None and size > most):
        raise NotStartable(path, f"{whose}has {size} {unit}", f"{least or 0} to {most}" if most else f"{least} or more")


def _bounds(shape: Shape) -> tuple[int | None, int | None]:
    return shape.metadata.get("min"), shape.metadata.get("max")


def _wrong_type(value: Any, allowed: str, path: JsonPath) -> NotStartable:
    return NotStartable(path, f"is {value!a:.60}", allowed)


def _allowed(shape: Shape) -> str:
    """What a value of this shape may be, in words."""
    if enum := shape.metadata.get("enum"):
        return _named("", enum)
    least, most = _bounds(shape)
    size = f"{least or 0} to {most} " if most else ""
    pattern = shape.metadata.get("pattern")
    if shape.type_name == "string":
        return f"{size}characters, " + (_IN_WORDS.get(pattern) or f"as in {pattern}") if pattern else f"{size}characters"
    if shape.type_name == "structure":
        return f"an object with {', '.join(shape.required_members) or 'its fields'}"
    return f"{size}{shape.type_name}".strip()


def _named(value: str, enum: list[str]) -> str:
    """Of many values only those that are near: SageMaker has hundreds of types of instances."""
    shown = (near_names(value, enum) or enum[:3]) if len(enum) > _MAX_VALUES_SHOWN else enum
    return ", ".join(shown) + (
        f", … ({len(enum)} that botocore {botocore.__version__} knows)" if len(shown) < len(enum) else ""
    )


_MAX_VALUES_SHOWN = 12
_IN_WORDS = {".*": "without a newline", ".+": "without a newline"}


# The model's patterns are those of Java: there a dot matches no line break of any kind, and \d and \w are of ASCII.
_LINE_BREAKS = r"\n\r\u0085\u2028\u2029"
_LINE_BREAK = re.compile(f"[{_LINE_BREAKS}]")
_OF_UNICODE = {"L": "a-zA-Z", "Z": " ", "N": "0-9"}
_STANDS_FOR = {"L": "a", "Z": " ", "N": "0"}
_PROPERTY = re.compile(r"\\p\{(\w+)\}")


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str]:
    in_python = _PROPERTY.sub(lambda found: {**_OF_UNICODE, "Alnum": "a-zA-Z0-9"}[found[1]], pattern)
    dotted = re.sub(
        r"\\.|\[(?:\\.|[^\]\\])*\]|\.", lambda found: f"[^{_LINE_BREAKS}]" if found[0] == "." else found[0], in_python
    )
    return re.compile(dotted, re.ASCII)


def _for_pattern(text: str, pattern: str) -> str:
    r"""For a pattern with `\p{L}`, which `re` lacks: the text with each letter of any script as a letter of ASCII."""
    if text.isascii() or not any(f"\\p{{{kind}}}" in pattern for kind in _OF_UNICODE):
        return text
    return "".join(sign if sign.isascii() else _STANDS_FOR.get(category(sign)[0], sign) for sign in text)


def _check_algorithm(request: dict[str, Any]) -> None:
    if "ServerlessJobConfig" in request:
        return
    algorithm = request.get("AlgorithmSpecification")
    if algorithm is None:
        raise NotStartable(("AlgorithmSpecification",), "it is missing", "an object with TrainingImage, TrainingInputMode")
    if ("TrainingImage" in algorithm) == ("AlgorithmName" in algorithm):
        what = "has both TrainingImage and AlgorithmName" if "TrainingImage" in algorithm else "has no TrainingImage"
        raise NotStartable(("AlgorithmSpecification",), what, "TrainingImage or AlgorithmName")


def _check_resources(resources: dict[str, Any], *, needed: bool) -> None:
    path: JsonPath = ("ResourceConfig",)
    ways = [name for name in ("InstanceType", "InstanceGroups", "InstancePreferences") if resources.get(name)]
    if len(ways) > 1 or (needed and not ways):
        raise NotStartable(
            path, f"has {' and '.join(ways) or 'no InstanceType'}", "InstanceType with InstanceCount, or InstanceGroups"
        )
    if "InstanceType" in ways and resources.get("InstanceCount", 0) < 1:
        raise NotStartable((*path, "InstanceCount"), f"is {resources.get('InstanceCount', 'missing')}", "1 or more")


def _check_spot(request: dict[str, Any]) -> None:
    stopping = request.get("StoppingCondition", {})
    longest_wait, path = stopping.get("MaxWaitTimeInSeconds"), ("StoppingCondition", "MaxWaitTimeInSeconds")
    runtime = stopping.get("MaxRuntimeInSeconds", DEFAULT_MAX_RUNTIME_SECONDS)
    if not request.get("EnableManagedSpotTraining"):
        if longest_wait is not None:
            raise NotStartable(path, f"is {longest_wait}", "nothing, because EnableManagedSpotTraining is not true")
    elif longest_wait is None or longest_wait < runtime:
        what = "it is missing" if longest_wait is None else f"is {longest_wait}"
        raise NotStartable(path, what, f"{runtime} or more, which is MaxRuntimeInSeconds")


def _check_channels(channels: list[dict[str, Any]]) -> None:
    names: set[str] = set()
    for index, channel in enumerate(channels):
        name = channel["ChannelName"]
        if name in names:
            raise NotStartable(("InputDataConfig", index, "ChannelName"), f"{name} is there twice", "a name for each channel")
        names.add(name)
        if len(channel["DataSource"]) != 1:
            what = f"has {' and '.join(channel['DataSource']) or 'none'}"
            allowed = "one of S3DataSource, FileSystemDataSource, DatasetSource"
            raise NotStartable(("InputDataConfig", index, "DataSource"), what, allowed)


def _check_tags(tags: list[dict[str, Any]]) -> None:
    keys: set[str] = set()
    for index, tag in enumerate(tags):
        path: JsonPath = ("Tags", index, "Key")
        if tag["Key"] in keys:
            raise NotStartable(path, f"{tag['Key']!a:.60} is there twice", "each key once")
        if tag["Key"].lower().startswith("aws:"):
            raise NotStartable(path, f"is {tag['Key']!a:.60}", "a key that does not begin with aws:, which is AWS's own")
        keys.add(tag["Key"])
