"""A recipe: how a training is started that an event asks for. A person writes it, as `<name>.toml`.

Every mistake in it is one line: the file, the key, and what is allowed.
"""

from __future__ import annotations

import re
import tomllib
from hashlib import sha256
from math import isfinite
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, get_args

import msgspec
from msgspec import Meta, Struct, structs

from training_events.errors import BadRecipe, NotRecordable
from training_events.event import check_stream, in_one_form
from training_events.stores.near_names import near_names

if TYPE_CHECKING:
    from collections.abc import Iterable

RECIPE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,49}")
"""The names of its runs begin with it, and have to fit into the name of a training job, which has at most 63 characters."""
_CHANNEL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""As in SageMaker, but for the dot: the name becomes that of a folder, and a part of a variable's name.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Channel.html"""
_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,511}")
_NOT_OF_A_RECIPE = {f"TRAINING_EVENTS_{name}" for name in ("LOG", "BUS", "RUN", "REPRODUCES")}
"""As which run a training records, and where: whoever starts it watches that run in that log."""

# `$` matches before a newline at the end too; `\Z` is no word of JSON Schema's
_SHA256 = r"^[0-9a-f]{64}$(?!\n)"
_S3_OBJECT = r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[^\x00-\x1f]+$(?!\n)"

Text = Annotated[str, Meta(min_length=1, pattern=r"^[^\x00]+$(?!\n)", description="a text, not empty")]
Words = Annotated[list[Text], Meta(min_length=1, description='a list of texts, as in ["python", "train.py"]')]
Count = Annotated[int, Meta(ge=1, description="a whole number, at least 1")]
Flag = Annotated[bool, Meta(description="true or false")]
Digest = Annotated[str, Meta(pattern=_SHA256, description="a SHA-256 in 64 hex digits")]
Scalar = Annotated[str | bool | int | float, Meta(description="a text, a number, true or false")]
Image = Annotated[
    str,
    Meta(
        pattern=r"^[^\s@]+@sha256:[0-9a-f]{64}$(?!\n)", description="an image by its digest, <address>@sha256:<64 hex digits>"
    ),
]
Archive = Annotated[str, Meta(pattern=_S3_OBJECT, description="an object in S3, s3://<bucket>/<key>")]
Address = Annotated[
    str, Meta(pattern=r"^(s3|file)://[^\x00-\x1f]+$(?!\n)", description="s3://<bucket>/<key> or file:///<path>")
]
InstanceType = Annotated[
    str, Meta(pattern=r"^ml\.[a-z0-9.-]+$(?!\n)", description="a type of SageMaker's, such as ml.m5.xlarge")
]
DatasetName = Annotated[str, Meta(min_length=1, description="the name of a dataset, as in dataset/<name>, without a slash")]
Trigger = Annotated[Literal["DatasetRegistered"], Meta(description='"DatasetRegistered"')]


class Channel(Struct, frozen=True, omit_defaults=True):
    """What a training reads under the channel's name: a version of a dataset, or what is at an address.

    Of a `dataset` it is the version that the request pins, else the newest. An address without a version or a digest is not
    pinned.
    """

    dataset: DatasetName | None = None
    uri: Address | None = None
    version_id: Text | None = None
    sha256: Digest | None = None


class CodeArchive(Struct, frozen=True):
    """The training's code: a `.tar.gz` in S3, and its digest."""

    uri: Archive
    sha256: Digest


class SageMakerJob(Struct, frozen=True, omit_defaults=True):
    """The training runs as a training job of SageMaker. Volumes are in GB, for each instance."""

    image: Image
    instance_type: InstanceType
    instance_count: Count = 1
    volume_gb: Count = 30
    max_runtime_seconds: Count = 86400
    spot: Flag = False
    code: CodeArchive | None = None
    entry_point: Words | None = None


class Recipe(Struct, frozen=True, omit_defaults=True):
    """How one kind of training is started. `revision` is the SHA-256 of its text.

    A worker runs `command` as a process; SageMaker runs what has `sagemaker`. `max_running` limits its trainings at one time,
    `max_a_day` those within 24 hours. A new version of `dataset` starts it where `on` says so.
    """

    name: str
    revision: str
    description: Text | None = None
    model: Text | None = None
    dataset: DatasetName | None = None
    on: Trigger | None = None
    max_running: Count = 1
    max_a_day: Count = 10
    command: Words | None = None
    hyperparameters: dict[str, Scalar] = {}
    channels: dict[str, Channel] = {}
    environment: dict[str, str] = {}
    sagemaker: SageMakerJob | None = None

    @property
    def runs_on(self) -> Literal["sagemaker", "worker"]:
        """Who starts it."""
        return "worker" if self.sagemaker is None else "sagemaker"


def read_recipe(name: str, text: str) -> Recipe:
    """The recipe of this name in the text of its file. Raises BadRecipe."""
    try:
        if not RECIPE_NAME.fullmatch(name):
            raise _bad((), "the name of its file", "1 to 50 letters, digits, _ and -, the first a letter or digit")
        recipe = _recipe(name, sha256(text.encode()).hexdigest(), _parsed(text))
        _check(recipe)
    except BadRecipe as flaw:
        raise BadRecipe(f"{name}.toml: {flaw}") from None
    return recipe


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except ValueError as flaw:  # also of an integer with more digits than Python converts
        raise BadRecipe(f"it is not TOML: {flaw}") from None
    except RecursionError:
        raise BadRecipe("it is not TOML that can be read: it is nested too deep") from None


_S = TypeVar("_S", bound=Struct)


def _recipe(name: str, revision: str, table: dict[str, Any]) -> Recipe:
    parts: dict[str, Any] = {"name": name, "revision": revision}
    parsed = dict(table)
    for key in ("hyperparameters", "environment"):
        if key in parsed:
            parts[key] = parsed.pop(key)
            _table(parts[key], (key,))
    if "channels" in parsed:
        channels = _table(parsed.pop("channels"), ("channels",))
        parts["channels"] = {key: _struct(Channel, channel, ("channels", key)) for key, channel in channels.items()}
    if "sagemaker" in parsed:
        job = dict(_table(parsed.pop("sagemaker"), ("sagemaker",)))
        code = {"code": _struct(CodeArchive, job.pop("code"), ("sagemaker", "code"))} if "code" in job else {}
        parts["sagemaker"] = _struct(SageMakerJob, job, ("sagemaker",), code)
    return _struct(Recipe, parsed, (), parts)


def _struct(kind: type[_S], table: Any, path: tuple[str, ...], parts: dict[str, Any] | None = None) -> _S:
    """A struct of the values in a table, and of the `parts` that were read before."""
    values = dict(parts or {})
    fields = {field.name: field for field in structs.fields(kind) if field.name not in ("name", "revision")}
    for key, value in _table(table, path).items():
        if key not in fields:
            raise _unknown(key, fields, path)
        allowed = _allowed(fields[key].type)
        try:
            values[key] = msgspec.convert(value, fields[key].type)
        except msgspec.ValidationError:
            raise _bad((*path, key), f"it is {_shown(value)}", allowed) from None
    for name, field in fields.items():
        if field.required and name not in values:
            raise _bad((*path, name), "it is missing", _allowed(field.type))
    return kind(**values)


def _table(value: Any, path: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _bad(path, f"it is {_shown(value)}", f"a table, [{'.'.join(path)}]")
    return value


def _allowed(type_: Any) -> str:
    """What a field's type allows, in words."""
    metas = (meta for part in (type_, *get_args(type_)) for meta in getattr(part, "__metadata__", ()))
    return next(meta.description for meta in metas if isinstance(meta, Meta) and meta.description)


def _check(recipe: Recipe) -> None:
    """What no single value shows. Raises BadRecipe."""
    if (recipe.command is None) == (recipe.sagemaker is None):
        what = "neither of them is there" if recipe.command is None else "both are there"
        raise _bad(("command",), what, "either command, which a worker runs, or the table [sagemaker]")
    if (recipe.dataset is None) != (recipe.on is None):
        missing = "dataset" if recipe.dataset is None else "on"
        raise _bad((missing,), "it is missing", 'both dataset = "<name>" and on = "DatasetRegistered", or none of them')
    _check_dataset(recipe.dataset, ("dataset",))
    for name, scalar in recipe.hyperparameters.items():
        _check_hyperparameter(name, scalar)
    for name, text in recipe.environment.items():
        if not _VARIABLE_NAME.fullmatch(name):
            raise _bad(("environment", name), "the name", "letters, digits and _, the first no digit")
        if name in _NOT_OF_A_RECIPE:
            raise _bad(("environment", name), "it is set by who starts the training", "any other variable")
        if not isinstance(text, str) or "\0" in text:
            raise _bad(("environment", name), f"it is {_shown(text)}", "a text, in quotes")
    for name, channel in recipe.channels.items():
        _check_channel(recipe, name, channel)
    if recipe.dataset is not None and all(channel.dataset != recipe.dataset for channel in recipe.channels.values()):
        what = f"no channel has the dataset {recipe.dataset!a:.80}, whose new version starts the training"
        raise _bad(("channels",), what, f'train = {{ dataset = "{recipe.dataset}" }}')


def _check_hyperparameter(name: str, value: Any) -> None:
    path = ("hyperparameters", name)
    if not name or name != name.strip() or not name.isprintable():
        raise _bad(path, "the name", "printable text, no blanks at its ends")
    if not isinstance(value, (str, bool, int, float)) or (isinstance(value, float) and not isfinite(value)):
        raise _bad(path, f"it is {_shown(value)}", "a text, a finite number, true or false")


def _check_channel(recipe: Recipe, name: str, channel: Channel) -> None:
    path = ("channels", name)
    if not _CHANNEL_NAME.fullmatch(name):
        raise _bad(path, "the name", "1 to 64 letters, digits, _ and -")
    if (channel.dataset is None) == (channel.uri is None):
        what = "it has neither dataset nor uri" if channel.uri is None else "it has both dataset and uri"
        raise _bad(path, what, '{ dataset = "<name>" } or { uri = "s3://…", version_id = "…", sha256 = "…" }')
    if channel.dataset is not None and (channel.version_id or channel.sha256):
        raise _bad(
            path, "it names a version of a dataset", "version_id and sha256 beside uri; a request pins a dataset's version"
        )
    if recipe.sagemaker is not None and channel.uri is not None and not channel.uri.startswith("s3://"):
        raise _bad((*path, "uri"), f"it is {_shown(channel.uri)}", "s3://<bucket>/<key>, for SageMaker")
    _check_dataset(channel.dataset, (*path, "dataset"))


def _check_dataset(name: str | None, path: tuple[str, ...]) -> None:
    if name is None:
        return
    try:
        check_stream(f"dataset/{name}")
        if "/" not in name and in_one_form(name) == name:
            return
    except NotRecordable:
        pass
    raise _bad(path, f"it is {_shown(name)}", "the name of a dataset, as in dataset/<name>, without a slash")


def _unknown(key: str, fields: Iterable[str], path: tuple[str, ...]) -> BadRecipe:
    near = near_names(key, fields)
    meant = f"; did you mean {' or '.join(near)}?" if near else ""
    return _bad((*path, key), "there is no such key", f"{', '.join(fields)}{meant}")


def _shown(value: Any) -> str:
    return "a table" if isinstance(value, dict) else f"{value!r:.80}"


def _bad(path: tuple[str, ...], what: str, allowed: str) -> BadRecipe:
    where = f"{'.'.join(key if key.isprintable() else ascii(key) for key in path)}: " if path else ""
    return BadRecipe(f"{where}{what}; allowed: {allowed}")
