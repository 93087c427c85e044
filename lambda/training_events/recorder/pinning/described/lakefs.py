"""A dataset in lakeFS: `lakefs://<repository>/<ref>/<path>`. https://docs.lakefs.io/understand/model/

A commit pins what is below it. A branch or a tag does not, and which commit it is now is asked of nobody: the training would
wait for a server, with a user's keys.
"""

from __future__ import annotations

import re

from training_events.catalogue.run import UsedDataset
from training_events.recorder.reporting import log
from training_events.redaction.text import redacted_text

_ADDRESS = re.compile(r"lakefs://[^/]+/(?P<ref>[^/]+)(?P<path>.*)", re.DOTALL)
_COMMIT = re.compile(r"[0-9a-f]{64}")
"""The id of a commit, a SHA-256. A shorter one may also be the name of a branch."""


def from_lakefs(uri: str) -> UsedDataset:
    """The dataset at this address, with its commit as the version where the address names one.

    Commit and path together are its digest: a commit is the digest of all that is in it, and the path says which part is meant.
    """
    shown = redacted_text(uri)
    if not (found := _ADDRESS.fullmatch(shown)):
        log.warning("%s names no data in lakeFS: lakefs://<repository>/<commit>/<path>", shown)
        return UsedDataset(uri=shown)
    if not _COMMIT.fullmatch(found["ref"]):
        log.warning(
            "%s is not pinned: %s may be another commit tomorrow; an address with the commit's id (64 digits) pins it",
            shown,
            found["ref"],
        )
        return UsedDataset(uri=shown)
    return UsedDataset(uri=shown, version_id=found["ref"], digest=f"lakefs:{found['ref']}{found['path']}")
