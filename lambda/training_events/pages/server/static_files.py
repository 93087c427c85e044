"""Scripts and styles. Their addresses have their digests, so that a browser keeps each for good and never has an old one."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.responses import Response

from training_events.pages.assets import STATIC

_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class StaticFile(NamedTuple):
    address: str
    content: bytes
    media_type: str


@lru_cache
def static_files() -> dict[str, StaticFile]:
    """All files by their names, as `page.css` or `uplot/uPlot.min.css`."""
    files = {}
    for path in sorted(STATIC.rglob("*")):
        if path.suffix in _MEDIA_TYPES:
            name, content = path.relative_to(STATIC).as_posix(), path.read_bytes()
            address = f"/static/{hashlib.sha256(content).hexdigest()[:16]}/{name}"
            files[name] = StaticFile(address, content, _MEDIA_TYPES[path.suffix])
    return files


def static_response(path: str) -> Response:
    """The file at an address. Raises HTTPException for one that is none, or has the digest of an earlier version."""
    for file in static_files().values():
        if file.address == path:
            return Response(
                file.content, media_type=file.media_type, headers={"Cache-Control": "public, max-age=31536000, immutable"}
            )
    raise HTTPException(404, f"no file is at {path!a:.80}")
