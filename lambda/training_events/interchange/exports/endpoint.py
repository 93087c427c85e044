"""Sends OpenLineage's run events to a service, one request each, and goes on where an earlier export stopped."""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from training_events.errors import Misused, NotTaken
from training_events.redaction.text import redacted_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from training_events.interchange.exports.cursor import Cursor
    from training_events.interchange.exports.lines import Line

PATH = "/api/v1/lineage"
"""Where Marquez takes run events, and OpenLineage's own client sends them where an address has no path."""
ATTEMPTS = 5
FIRST_PAUSE_SECONDS = 0.5
"""Each further pause is twice as long."""
TIMEOUT_SECONDS = 30.0
SAVE_SECONDS = 1.0
"""So much is sent again at most after a kill: to take a run event twice changes nothing."""
MAX_ANSWER = 200
_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})


def check_endpoint(url: str) -> str:
    """The address to send to. Raises Misused for one that is no HTTP address, or holds a password."""
    try:
        parts = urlsplit(url)
        allowed = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        allowed = False
    if not allowed:
        raise Misused(
            f"the endpoint is {redacted_text(url)!a}: allowed is http://<host>:<port> or https://…, with or without a path"
        )
    if parts.username is not None or parts.password is not None:
        raise Misused("the endpoint's address holds a user or a password: an API key goes into OPENLINEAGE_API_KEY")
    return url if parts.path.strip("/") else parts._replace(path=PATH).geturl()


class Endpoint:
    """Sends to one address. `api_key` goes into the header Authorization, as a bearer token. `pause` waits between attempts."""

    def __init__(self, url: str, api_key: str = "", pause: Callable[[float], None] = time.sleep) -> None:
        self._url, self._pause = check_endpoint(url), pause
        self._headers = {"Content-Type": "application/json", "User-Agent": "training-events"}
        if api_key:
            self._headers["Authorization"] = f"Bearer {api_key}"

    def send_all(self, lines: Iterable[Line], cursor: Cursor) -> int:
        """Send what the cursor does not have, in order. Returns how many. Raises NotTaken; what was sent is noted by then."""
        count, saved = 0, time.monotonic()
        try:
            for line in lines:
                if cursor.has(line.index):
                    continue
                self._send(line.body)
                cursor.note(line.index)
                count += 1
                if time.monotonic() - saved >= SAVE_SECONDS:
                    cursor.save()
                    saved = time.monotonic()
        finally:
            cursor.save()
        return count

    def _send(self, body: bytes) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                request = urllib.request.Request(self._url, body, self._headers)  # noqa: S310 - check_endpoint saw its scheme
                with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310
                    return
            except urllib.error.HTTPError as refusal:
                answer = redacted_text(refusal.read(MAX_ANSWER).decode(errors="replace").strip())
                reason, again = f"it answers {refusal.code}{': ' if answer else ''}{answer!a}", refusal.code in _RETRIED
            except (OSError, http.client.HTTPException) as error:
                cause = getattr(error, "reason", error)
                reason, again = f"{cause or type(error).__name__}", True
            if not again or attempt == ATTEMPTS:
                raise NotTaken(
                    f"{redacted_text(self._url)} did not take a run event, after {attempt} of {ATTEMPTS} attempts: {reason}"
                )
            self._pause(FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
