"""Where recipes are kept: `<name>.toml` in a folder, or under a prefix in S3. A pause is the file `<name>.paused` beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from msgspec import Struct

from training_events import times
from training_events.errors import BadRecipe, Misused, NoSuchRecipe
from training_events.stores.near_names import near_names
from training_events.training.recipe import RECIPE_NAME, read_recipe

if TYPE_CHECKING:
    from training_events.training.recipe import Recipe

_RECIPE, _PAUSE = ".toml", ".paused"


class Pause(Struct, frozen=True, omit_defaults=True):
    """Who paused a recipe, when and why. A file that somebody else put there may tell nothing of that."""

    by: str | None = None
    at: str | None = None
    reason: str | None = None

    def __str__(self) -> str:
        parts = (f"by {self.by}" if self.by else "", f"at {self.at}" if self.at else "")
        return " ".join(filter(None, ("paused", *parts))) + (f": {self.reason}" if self.reason else "")


class Files(Protocol):
    """The files of a folder, or the objects directly under a prefix. Names have no slash."""

    def names(self) -> list[str]: ...
    def read(self, name: str) -> bytes | None:
        """None where there is no such file."""
        ...

    def create(self, name: str, content: bytes) -> bool:
        """False where the file is there already, which stays as it is."""
        ...

    def remove(self, name: str) -> bool:
        """False where there is no such file."""
        ...


class RecipeStore:
    """The recipes at one place, with their pauses."""

    def __init__(self, place: str, files: Files) -> None:
        self.place = place
        self._files = files

    def names(self) -> list[str]:
        """The names of all recipes, those that cannot be read included."""
        return sorted(name.removesuffix(_RECIPE) for name in self._files.names() if name.endswith(_RECIPE))

    def get(self, name: str) -> Recipe:
        """The recipe with this name. Raises NoSuchRecipe, or BadRecipe for one with a mistake."""
        # a name may come from anybody's event: only what can be one becomes a part of a path
        content = self._files.read(name + _RECIPE) if RECIPE_NAME.fullmatch(name) else None
        if content is None:
            if name in (names := self.names()):
                return read_recipe(name, "")  # raises what is wrong with the name
            raise _no_such(name, names, self.place)
        try:
            return read_recipe(name, content.decode())
        except UnicodeDecodeError as flaw:
            raise BadRecipe(f"{name}.toml: byte {flaw.start} is not UTF-8") from None

    def find(self, name: str) -> Recipe | NoSuchRecipe | BadRecipe:
        """The recipe with this name, or why there is none."""
        try:
            return self.get(name)
        except (NoSuchRecipe, BadRecipe) as flaw:
            return flaw

    def pause_of(self, name: str) -> Pause | None:
        """The recipe's pause; None where it is not paused, or where there is no such recipe."""
        content = self._files.read(name + _PAUSE) if RECIPE_NAME.fullmatch(name) else None
        if content is None:
            return None
        try:
            return msgspec.json.decode(content, type=Pause)
        except (msgspec.MsgspecError, UnicodeDecodeError):  # `touch digits.paused` pauses, too
            return Pause()

    def pause(self, name: str, by: str | None, reason: str | None) -> bool:
        """Pause the recipe. False where it is paused already, which stays as it is. Raises NoSuchRecipe."""
        self._require(name)
        return self._files.create(name + _PAUSE, msgspec.json.encode(Pause(by, times.now(), reason)))

    def resume(self, name: str) -> bool:
        """End the recipe's pause. False where it is not paused. Raises NoSuchRecipe."""
        self._require(name)
        return self._files.remove(name + _PAUSE)

    def _require(self, name: str) -> None:
        if name not in (names := self.names()):
            raise _no_such(name, names, self.place)


class _Folder:
    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> list[str]:
        try:
            return [file.name for file in self._path.iterdir() if file.is_file()]
        except (FileNotFoundError, NotADirectoryError):
            raise _no_place(str(self._path)) from None

    def read(self, name: str) -> bytes | None:
        try:
            return (self._path / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def create(self, name: str, content: bytes) -> bool:
        try:
            with (self._path / name).open("xb") as file:
                file.write(content)
        except FileExistsError:
            return False
        return True

    def remove(self, name: str) -> bool:
        try:
            (self._path / name).unlink()
        except FileNotFoundError:
            return False
        return True


class _Prefix:
    """The objects directly under a prefix in S3. Whoever reads them also needs s3:ListBucket: without it, S3 denies what is
    not there.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """

    def __init__(self, bucket: str, prefix: str, client: Any) -> None:
        self._bucket, self._prefix, self._client = bucket, prefix, client

    def names(self) -> list[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix, Delimiter="/")
        return [item["Key"].removeprefix(self._prefix) for page in pages for item in page.get("Contents", ())]

    def read(self, name: str) -> bytes | None:
        try:
            return bytes(self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)["Body"].read())
        except self._client.exceptions.NoSuchKey:
            return None

    def create(self, name: str, content: bytes) -> bool:
        try:
            self._client.put_object(Bucket=self._bucket, Key=self._prefix + name, Body=content, IfNoneMatch="*")
        except self._client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in ("PreconditionFailed", "ConditionalRequestConflict"):
                return False
            raise
        return True

    def remove(self, name: str) -> bool:
        if self.read(name) is None:
            return False
        self._client.delete_object(Bucket=self._bucket, Key=self._prefix + name)
        return True


def open_recipes(place: str) -> RecipeStore:
    """The recipes in a folder, or under `s3://<bucket>/<prefix>/`. Raises Misused for an address of another kind."""
    if place.startswith("s3://"):
        bucket, _, prefix = place.removeprefix("s3://").partition("/")
        if not bucket:
            raise _no_place(place)
        from training_events import aws  # noqa: PLC0415 - on a laptop nobody waits for AWS's SDK

        prefix = prefix.rstrip("/")
        return RecipeStore(place, _Prefix(bucket, f"{prefix}/" if prefix else "", aws.client("s3")))
    if "://" in place:
        raise _no_place(place)
    return RecipeStore(place, _Folder(Path(place).expanduser()))


def _no_place(place: str) -> Misused:
    return Misused(f"there are no recipes at {place!a}: TRAINING_EVENTS_RECIPES says a folder, or s3://<bucket>/<prefix>/")


def _no_such(name: str, names: list[str], place: str) -> NoSuchRecipe:
    near = near_names(name, names)
    rest = f"but {' or '.join(near)}" if near else f"only {', '.join(names[:10])}" if names else "and none at all"
    return NoSuchRecipe(f"there is no recipe {name!a:.80} in {place}, {rest}")
