"""What looks like a credential, by name or inside an address: it stays out of everything that is recorded."""

from __future__ import annotations

import re

# TOKENIZERS_PARALLELISM is none, API_TOKEN and ACCESS_KEY_ID are.
_SECRET = re.compile(r"SECRET|PASSW|PASSPHRASE|CREDENTIAL|(TOKEN|KEY|PWD|PASS|AUTH|COOKIE|SIGNATURE)S?(?![A-Z])")


def looks_secret(name: str) -> bool:
    return bool(_SECRET.search(name.upper()))


def without_credentials(url: str) -> str:
    """The URL without what is before the host's `@`. Of SSH the user stays: that `git` is part of the address."""
    scheme, there, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    credentials, at, host = authority.rpartition("@")
    if not there or not at:  # also `git@host:path`
        return url
    user = credentials.partition(":")[0] + at if "ssh" in scheme else ""
    return f"{scheme}://{user}{host}{slash}{path}"
