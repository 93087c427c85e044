"""The package index that pip is configured for, as uv takes it. uv reads neither pip.conf nor PIP_INDEX_URL.

`tools/uv_with_pip_settings.py` uses it too, with a Python that has none of this package's requirements.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_REPLACING = {
    "index-url": "UV_INDEX_URL",  # not UV_DEFAULT_INDEX: if somebody has set that, it comes first
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
}
"""https://docs.astral.sh/uv/reference/environment/"""


def pip_settings(listed: str) -> dict[str, str]:
    """The settings that `pip config list` prints. A variable overrides a file, and `install.` overrides `global.`."""
    settings: dict[str, str] = {}
    lines = [line.partition("=") for line in listed.splitlines()]
    for section in ("global.", "install.", ":env:."):
        settings |= {
            key.removeprefix(section): str(ast.literal_eval(value)) for key, _, value in lines if key.startswith(section)
        }
    return settings


def variables(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment variables of uv for the settings that replace PyPI, or lead to it."""
    return {_REPLACING[key]: value for key, value in settings.items() if key in _REPLACING}


def variables_of_all(settings: Mapping[str, str]) -> dict[str, str]:
    """The same, and those for places beside the index. As pip does, uv then takes a version from whichever place has it."""
    more: dict[str, str] = {}
    if places := settings.get("extra-index-url", "").split():
        more |= {"UV_EXTRA_INDEX_URL": " ".join(places), "UV_INDEX_STRATEGY": "unsafe-best-match"}
    if folders := settings.get("find-links", "").split():
        more |= {"UV_FIND_LINKS": ",".join(folders)}
    return variables(settings) | more


def options(settings: Mapping[str, str]) -> list[str]:
    """The options of uv for a machine with a folder of wheels instead of an index."""
    if "no-index" not in settings:
        return []
    return ["--no-index", *(f"--find-links={folder}" for folder in settings.get("find-links", "").split())]
