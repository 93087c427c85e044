"""What looks like a credential, by its name or inside an address. It is kept out of everything that is recorded."""

from __future__ import annotations

import re

# API_TOKEN and ACCESS_KEY_ID are secrets, TOKENIZERS_PARALLELISM is not.
_SECRET = re.compile(r"SECRET|PASSW|PASSPHRASE|CREDENTIAL|(TOKEN|KEY|PWD|PASS|AUTH|COOKIE|SIGNATURE)S?(?![A-Z])")


def looks_secret(name: str) -> bool:
    return bool(_SECRET.search(name.upper()))


def without_credentials(url: str) -> str:
    """The URL without what is before the host's `@`. In an SSH address the user stays: that `git` belongs to the address."""
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    credentials, at, host = authority.rpartition("@")
    if not separator or not at:  # this is also `git@host:path`
        return url
    user = credentials.partition(":")[0] + at if "ssh" in scheme else ""
    return f"{scheme}://{user}{host}{slash}{path}"
