"""A dataset as its description tells it: a Croissant file, a file of DVC, an address of lakeFS.

What a description does not pin is recorded without a digest, and one warning says so.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from training_events.errors import NotStored
from training_events.recorder.pinning.described.croissant import from_croissant
from training_events.recorder.pinning.described.dvc import from_dvc
from training_events.recorder.pinning.described.lakefs import from_lakefs
from training_events.recorder.storage.files import local_path
from training_events.recorder.storage.objects import is_remote

if TYPE_CHECKING:
    from training_events.catalogue.run import UsedDataset

LAKEFS = "lakefs://"


def described(named: Any) -> UsedDataset | None:
    """The dataset that is described at this path or address; None where it is a dataset itself.

    Raises NotStored for a description that cannot be read.
    """
    if not isinstance(named, (str, os.PathLike)):
        return None
    if isinstance(named, str) and named.startswith(LAKEFS):
        return from_lakefs(named)
    if is_remote(named):
        return None
    try:
        path = local_path(named)
        if not path.is_file():
            return None
    except (NotStored, OSError, ValueError):  # whoever reads it as a dataset says why
        return None
    return from_dvc(path) if path.suffix == ".dvc" else from_croissant(path)
