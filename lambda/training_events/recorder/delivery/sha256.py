"""SHA-256 without OpenSSL, and without holding up other threads.

hashlib's takes locks of OpenSSL. A forked child inherits them as they are: if another thread was setting up TLS at the fork, a
child that hashed by hashlib could wait for ever, before its first event is on disk. Python's own implementation has no lock.
"""

from __future__ import annotations

from typing import Any

try:
    from _sha2 import sha256  # type: ignore[import-not-found,unused-ignore] # Python 3.12 and later
except ImportError:
    try:
        from _sha256 import sha256  # type: ignore[import-not-found,unused-ignore]
    except ImportError:  # a Python that was built without
        from hashlib import sha256

_SLICE_BYTES = 16 * 1024
"""Hashing a slice takes less than 0.1 ms. Other threads may run before the next one."""


def sha256_hex(content: bytes) -> str:
    """The 64 hex digits of the SHA-256 of the content."""
    hash_: Any = sha256()
    view = memoryview(content)
    for start in range(0, len(view), _SLICE_BYTES):
        hash_.update(view[start : start + _SLICE_BYTES])
    return str(hash_.hexdigest())
