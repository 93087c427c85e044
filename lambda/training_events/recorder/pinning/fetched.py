"""Data that was fetched for this program: a copy is recorded as what it is a copy of, by the version that was fetched.

Whoever fetches names in TRAINING_EVENTS_FETCHED a JSON file with the origin of each copy, by the copy's address.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import structs

from training_events.catalogue.run import UsedDataset
from training_events.recorder.pinning.described.dataset import described
from training_events.recorder.storage.objects import pin, pin_local

if TYPE_CHECKING:
    from collections.abc import Mapping

    from training_events.catalogue.stored import Stored

VARIABLE = "TRAINING_EVENTS_FETCHED"


def write_origins(file: Path, copies: Mapping[Path, UsedDataset]) -> None:
    """Write the file that the variable names: of which version each of these is a copy, and its role.

    Raises NotStored, OSError.
    """
    origins = {}
    for copy, origin in copies.items():
        content = pin_local(copy)
        origins[content.uri] = structs.replace(origin, sha256=content.sha256, bytes=content.bytes)
    file.write_bytes(msgspec.json.encode(origins))


def pin_dataset(dataset: Any, environment: Mapping[str, str] = os.environ) -> Stored:
    """As `objects.pin`, or as its description tells it; of a copy that still has the content with which it was fetched, its
    origin, with its role.

    Raises NotStored.
    """
    if (told := described(dataset)) is not None:
        return told
    stored = pin(dataset)
    if not (named := environment.get(VARIABLE)):
        return stored
    try:
        origin = msgspec.json.decode(Path(named).read_bytes(), type=dict[str, UsedDataset]).get(stored.uri or "")
    except (OSError, msgspec.MsgspecError):  # somebody else has set the variable, or the file is gone
        return stored
    return origin if origin is not None and origin.sha256 == stored.sha256 else stored
