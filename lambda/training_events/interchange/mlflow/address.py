"""The addresses that MLflow is given: `training-events://…` for a log, and for the artifacts of a run or a model in it."""

from __future__ import annotations

import os
import re
from collections import ChainMap
from typing import TYPE_CHECKING, Literal, NamedTuple, cast
from urllib.parse import urlsplit

from training_events.errors import BadLogUrl
from training_events.settings import Settings
from training_events.stores.address import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEME = "training-events"
ALLOWED = (
    f"{SCHEME}:// (what TRAINING_EVENTS_LOG and TRAINING_EVENTS_BUS say), {SCHEME}:///<path of a SQLite file from the root>,"
    f" {SCHEME}://<event log table>?read_models=<table>"
)
_ONE_SLASH = re.compile(rf"{SCHEME}:/(?!/)")
"""MLflow puts addresses together with urllib's urlunparse, which leaves out the `//` before an empty host. Both mean the same:
https://www.rfc-editor.org/rfc/rfc3986#section-3"""
_MORE_SLASHES = re.compile(rf"{SCHEME}:/{{4,}}")
"""A file's address written as SQLAlchemy's are, `sqlite:////home/…`. The file is the same one."""
_ARTIFACTS = re.compile(
    rf"(?P<store>{SCHEME}://[^?]*?)/(?P<kind>runs|models)/(?P<owner>[^/?]+)/artifacts(?P<path>/[^?]*)?(?P<query>\?.*)?",
    re.DOTALL,
)


class ArtifactAddress(NamedTuple):
    """Where artifacts are: the log's address, whose they are, and the path among them, empty for all."""

    store: str
    kind: Literal["runs", "models"]
    owner: str
    path: str


def settings_of(address: str, environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings with which this log is recorded to and read. Raises BadLogUrl.

    A file is written to directly, whatever bus the environment names.
    """
    address = with_host(address)
    try:
        parts = urlsplit(address)
    except ValueError as flaw:
        raise _bad(address, str(flaw)) from None
    if parts.scheme != SCHEME or not address.startswith(f"{SCHEME}://") or parts.fragment:
        raise _bad(address, "it is none of these forms")
    if not parts.netloc and not parts.path and not parts.query:
        return Settings(environment)
    if parts.netloc.endswith(".db") and not parts.query:  # else AWS would be asked for a table that is called so
        raise _bad(address, "before the path of a file are three slashes, and it begins at the root")
    try:
        if parts.netloc:
            log, bus = f"dynamodb://{address.removeprefix(f'{SCHEME}://')}", {}
        else:
            log, bus = f"sqlite:///{address.removeprefix(f'{SCHEME}://')}", {"TRAINING_EVENTS_BUS": ""}
        parse(log)
    except BadLogUrl as flaw:
        raise _bad(address, str(flaw).partition("is not understood: ")[2].partition("; allowed")[0]) from None
    own: dict[str, str] = {"TRAINING_EVENTS_LOG": log, **bus}
    return Settings(ChainMap(own, cast("ChainMap[str, str]", environment)))


def artifacts_of(store: str, kind: Literal["runs", "models"], owner: str) -> str:
    """The address of all artifacts of a run or a logged model, given its id in MLflow. The log's query is the address's."""
    place, mark, query = store.partition("?")
    return f"{place.rstrip('/') if place != f'{SCHEME}://' else place}/{kind}/{owner}/artifacts{mark}{query}"


def artifact_address(uri: str) -> ArtifactAddress:
    """What an address of artifacts names. Raises BadLogUrl."""
    if (found := _ARTIFACTS.fullmatch(with_host(uri))) is None:
        allowed = f"{SCHEME}://…/runs/<run id>/artifacts, {SCHEME}://…/models/<model id>/artifacts"
        raise BadLogUrl(f"{uri!a} is no address of artifacts; allowed: {allowed}")
    store = found["store"] + (found["query"] or "")
    return ArtifactAddress(
        store, cast("Literal['runs', 'models']", found["kind"]), found["owner"], (found["path"] or "").strip("/")
    )


def with_host(address: str) -> str:
    """The address with the two slashes before its host, which MLflow drops where that is empty, and one before a path."""
    address = _MORE_SLASHES.sub(f"{SCHEME}:///", address)
    return address.replace(":", "://", 1) if _ONE_SLASH.match(address) else address


def _bad(address: str, why: str) -> BadLogUrl:
    return BadLogUrl(f"the address {address!a} is not understood: {why}; allowed: {ALLOWED}")
