"""Takes credentials out of all that is recorded of a stream: the log cannot forget."""

from __future__ import annotations

from typing import Any

from training_events.recorder.reporting import log
from training_events.redaction.values import redacted


class CredentialFilter:
    """Every event passes it, before a field is stored or anything is spooled. A warning names each field once."""

    def __init__(self, stream: str) -> None:
        self._stream = stream
        self._warned: set[str] = set()

    def __call__(self, data: dict[str, Any]) -> dict[str, Any]:
        hidden, fields = redacted(data)
        if new := [field for field in dict.fromkeys(fields) if field not in self._warned]:
            self._warned.update(new)
            log.warning("%s: %s held what looks like a credential, which was not recorded", self._stream, ", ".join(new))
        return dict(hidden)
