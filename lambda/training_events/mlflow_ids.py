"""MLflow's ids, made of the names of streams: everybody makes the same id of a name, and nothing has to keep them.

MLflow allows letters, digits, `_` and `-` in the id of a run, 256 of them; a stream may be called anything.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

DEFAULT_EXPERIMENT = "Default"
"""The experiment of runs that have no group. MLflow's clients and its page expect it, with this id."""
DEFAULT_EXPERIMENT_ID = "0"
_EXPERIMENT_DIGITS = 18
"""They fit into 64 bits: some programs read the id of an experiment as a number."""

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,255}", re.ASCII)
_PREFIX, _PREFIX_OF_DIGEST = "x--", "x--sha256-"
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
_DIGEST = re.compile(r"x--sha256-[0-9a-f]{64}")
_ENCODED = re.compile(rb"_([0-9A-F]{2})")


def experiment_id(name: str | None) -> str:
    """The id of the experiment that was created with this name: of the stream `group/<name>`, and of the tag `group`."""
    if name is None or name == DEFAULT_EXPERIMENT:
        return DEFAULT_EXPERIMENT_ID
    return str(int(sha256(name.encode()).hexdigest(), 16))[:_EXPERIMENT_DIGITS]


def new_run_id() -> str:
    return uuid4().hex


def new_model_id() -> str:
    return f"m-{uuid4().hex}"


def run_id(name: str) -> str:
    """The id that MLflow knows the run `run/<name>` by: the name itself, if MLflow allows it."""
    if _RUN_ID.fullmatch(name) and not name.startswith(_PREFIX):
        return name
    encoded = _PREFIX + "".join(chr(byte) if byte in _PLAIN else f"_{byte:02X}" for byte in name.encode())
    return encoded if _RUN_ID.fullmatch(encoded) else _PREFIX_OF_DIGEST + sha256(name.encode()).hexdigest()


def run_name(id_: str, names: Callable[[], Iterable[str]]) -> str | None:
    """The name of the run with this id; None where there can be none.

    `names` are those of all runs. It is only asked where the id holds the digest of a name that is too long for one.
    """
    if not id_.startswith(_PREFIX):
        return id_ if _RUN_ID.fullmatch(id_) else None
    if _DIGEST.fullmatch(id_):
        return next((name for name in names() if run_id(name) == id_), None)
    try:
        name = _ENCODED.sub(lambda found: bytes.fromhex(found[1].decode()), id_.removeprefix(_PREFIX).encode()).decode()
    except UnicodeError:
        return None
    return name if run_id(name) == id_ else None
