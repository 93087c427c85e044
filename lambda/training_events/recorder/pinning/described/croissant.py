"""A dataset that a Croissant file describes. https://docs.mlcommons.org/croissant/docs/croissant-spec.html"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from training_events.catalogue.run import UsedDataset
from training_events.errors import NotStored
from training_events.recorder.pinning.described.files import DescribedFile, digest_over, size_of_all
from training_events.recorder.reporting import log
from training_events.recorder.storage.files import one_line_reason, printable, uri_of
from training_events.redaction.text import redacted_text

if TYPE_CHECKING:
    from pathlib import Path

_SUFFIXES = (".json", ".jsonld")
_MAX_BYTES = 32 * 2**20
"""No description is as long. A larger file is data."""
_STANDARD = "mlcommons.org/croissant/"
_SHA256 = re.compile(r"[0-9A-Fa-f]{64}")
"""Some descriptions have the address of an issue in the place of a digest."""
_MD5 = re.compile(r"[0-9A-Fa-f]{32}")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_BYTES = re.compile(r"(\d+)(?: ?B)?")


def from_croissant(path: Path) -> UsedDataset | None:
    """The dataset that the file describes; None where it is no such description. Raises NotStored where it cannot be read."""
    try:
        if path.suffix.lower() not in _SUFFIXES or path.stat().st_size > _MAX_BYTES:
            return None
        content = path.read_bytes()
    except OSError as error:
        raise NotStored(f"{printable(path)} cannot be read: {one_line_reason(error)}") from None
    if _STANDARD.encode() not in content:
        return None
    try:
        document = msgspec.json.decode(content)
    except msgspec.MsgspecError:
        return None
    return _dataset(document, path) if isinstance(document, dict) and _is_description(document) else None


def _is_description(document: dict[str, Any]) -> bool:
    return any(_STANDARD in standard for standard in _texts(document, "conformsTo"))


def _dataset(document: dict[str, Any], path: Path) -> UsedDataset:
    listed = _listed(document, "distribution")
    # what is inside of an archive has the archive's digest
    outer = [part for part in listed if not _listed(part, "containedIn")]
    files = [_file(part, path) for part in outer]
    digest = digest_over(files)
    if digest is None:
        without = ", ".join(file.name for file in files if file.digest is None) or "any file"
        log.warning("%s is not pinned: it has no sha256 and no md5 of %s", printable(path), printable(redacted_text(without)))
    is_local = len(files) == 1 and (files[0].uri or "").startswith("file:")
    homepage = next(iter(_texts(document, "url")), None)
    told = {"description": uri_of(path, folder=False), "version": next(iter(_texts(document, "version")), None)}
    return UsedDataset(
        uri=(files[0].uri if len(files) == 1 else None) or (homepage and redacted_text(homepage)) or uri_of(path, folder=False),
        sha256=digest.removeprefix("sha256:") if digest is not None and digest.startswith("sha256:") else None,
        bytes=size_of_all(files),
        in_place=is_local,
        name=next(iter(_texts(document, "name")), None),
        digest=None if digest is not None and digest.startswith("sha256:") else digest,
        details={"croissant": {key: value for key, value in told.items() if value is not None}},
    )


def _file(part: dict[str, Any], path: Path) -> DescribedFile:
    """A FileObject; a FileSet has no digest, so nothing pins it."""
    address = next(iter(_texts(part, "contentUrl")), None)
    name = next(iter((*_texts(part, "name"), *_texts(part, "@id"))), "a file without a name")
    if address is None:
        uri = None
    elif _ABSOLUTE.match(address):
        uri = redacted_text(address)
    else:
        uri, name = uri_of(path.parent / address, folder=False), address
    size = next((int(found[1]) for text in _texts(part, "contentSize") if (found := _BYTES.fullmatch(text))), None)
    return DescribedFile(name, uri, _digest(part), size)


def _digest(part: dict[str, Any]) -> str | None:
    for algorithm, form in (("sha256", _SHA256), ("md5", _MD5)):
        for text in _texts(part, algorithm):
            if form.fullmatch(text):
                return f"{algorithm}:{text.lower()}"
    return None


def _values(document: dict[str, Any], key: str) -> list[Any]:
    """JSON-LD has one value or a list of them, and a key with the prefix of its vocabulary or without."""
    found = [value for name, value in document.items() if name.rpartition(":")[2] == key]
    return [item for value in found for item in (value if isinstance(value, list) else [value])]


def _texts(document: dict[str, Any], key: str) -> list[str]:
    plain = (item.get("@id", item.get("@value")) if isinstance(item, dict) else item for item in _values(document, key))
    return [str(item) for item in plain if isinstance(item, (str, int)) and str(item)]


def _listed(document: dict[str, Any], key: str) -> list[dict[str, Any]]:
    return [item for item in _values(document, key) if isinstance(item, dict)]
