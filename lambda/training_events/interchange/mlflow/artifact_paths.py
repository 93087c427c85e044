"""The paths of artifacts: which of them are allowed, and whose artifacts a path names.

Whoever downloads an artifact gets a file of this name on a disk of their own. So no path leads out of a folder, hides a part of
itself where it is shown, or means another file on another system.
"""

from __future__ import annotations

import re
from hashlib import sha256
from unicodedata import normalize

from training_events.errors import BadLogUrl
from training_events.interchange.mlflow.address import ArtifactAddress, artifact_address
from training_events.interchange.mlflow.problems import invalid

MAX_NAME_BYTES = 255
"""What file systems take as the name of a file."""
_MAX_KEPT_OF_NAME = 200
"""Bytes that stay of a name that is too long: a digest follows it."""
_ALLOWED = "names joined by /, such as model/weights.bin"
_DRIVE = re.compile(r"[A-Za-z]:")
_ARTIFACTS = "artifacts"
_ID = re.compile(r"[\w-]+", re.ASCII)
_OF_A_SERVER = re.compile(
    r"(?P<before>.+?/)?(?P<owner>[\w-]+)/artifacts(/(?P<path>.*))?",
    re.DOTALL | re.ASCII,
)
"""MLflow's servers call the artifacts of a run `<experiment>/<run>/artifacts/…`, and those of a logged model
`<experiment>/models/<model>/artifacts/…`. An experiment with a place of its own may begin with any folders."""


def checked(path: str) -> str:
    """The path in its one form (NFC). Raises MlflowException where it is not allowed."""
    path = normalize("NFC", path)
    if (flaw := _flaw(path)) is not None:
        raise invalid(f"the artifact path {path!a:.200} is not allowed: {flaw}; allowed: {_ALLOWED}")
    return path


def listed(name: str) -> str:
    """The path of an artifact that was recorded with any name: this name, if it is allowed as a path.

    Otherwise it is what is harmless of the name, and a part of its digest, so that two names stay two paths.
    """
    name = normalize("NFC", name)
    if _flaw(name) is None:
        return name
    shown = "".join(letter if letter.isprintable() and letter not in "\\:" else "_" for letter in name)
    parts = [part.encode()[:_MAX_KEPT_OF_NAME].decode(errors="ignore") for part in shown.split("/")]
    digest = sha256(name.encode(errors="surrogatepass")).hexdigest()[:8]
    return "-".join(["/".join(part for part in parts if part not in ("", ".", "..")), digest]).lstrip("-")


def place_in(root: str, path: str) -> ArtifactAddress:
    """Whose artifacts a path below the address of a repository names. Raises MlflowException.

    The repository may be that of one run or model, or the destination of a server, for all of them.
    """
    if (own := _own_place(root, path)) is not None:
        return own
    if (found := _OF_A_SERVER.fullmatch(path)) is None:
        allowed = "<experiment>/<run>/artifacts/…, <experiment>/models/<model>/artifacts/…"
        raise invalid(f"the artifact path {path!a:.200} names no run or logged model; allowed: {allowed}")
    before = (found["before"] or "").rstrip("/").rpartition("/")[2]
    return ArtifactAddress(root, "models" if before == "models" else "runs", found["owner"], _joined(found["path"] or ""))


def _own_place(root: str, path: str) -> ArtifactAddress | None:
    """MLflow cuts the last name off an address to get a root and a path: then the path begins with `artifacts`."""
    try:
        own = artifact_address(root)
    except BadLogUrl:
        first, _, path = path.partition("/")
        if first != _ARTIFACTS:
            return None
        address, mark, query = root.partition("?")
        try:
            own = artifact_address(f"{address}/{_ARTIFACTS}{mark}{query}")
        except BadLogUrl:
            return None
        if not _ID.fullmatch(own.owner):  # it is the file of the log
            return None
    return own._replace(path=_joined(own.path, path))


def _joined(*paths: str) -> str:
    return checked("/".join(path.removesuffix("/") for path in paths if path))


def _flaw(path: str) -> str | None:
    parts = path.split("/") if path else []
    flaws = {
        "it is absolute": path.startswith("/") or _DRIVE.match(path),
        "it has a backslash": "\\" in path,
        "it has characters that do not print": not path.isprintable(),
        "it has a . or .. between its slashes": {".", ".."} & set(parts),
        "a name in it is empty": "" in parts,
        f"a name in it has more than {MAX_NAME_BYTES} bytes": any(
            len(part.encode(errors="surrogatepass")) > MAX_NAME_BYTES for part in parts
        ),
    }
    return next((flaw for flaw, found in flaws.items() if found), None)
