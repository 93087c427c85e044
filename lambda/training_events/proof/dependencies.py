"""What a run was made from, as in-toto describes resources: by address and digest.

https://github.com/in-toto/attestation/blob/main/spec/v1/resource_descriptor.md: a resource has an address or a digest. What has
neither in an allowed form is left out: the parameters beside it have what was recorded.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from training_events.catalogue.run import UsedDataset
    from training_events.catalogue.stored import Stored
    from training_events.folds.run_state import RunState

_SHA256 = re.compile(r"[0-9a-f]{64}")
_GIT_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_NAMED_DIGEST = re.compile(r"(md5|sha1|sha224|sha256|sha384|sha512|blake2b):([0-9a-f]{16,128})")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_IN_URIS = "%/:?@!$&'()*+,;=~-._"
"""Besides letters and digits what RFC 3986 allows in the path and the query of a URI. The fragment begins with the only '#'."""
_AUTHORITY = re.compile(r"//(?:[^/?#@]*@)?[^/?#@:]*(?::[0-9]*)?(?=[/?#]|$)")
"""A user, a host and a port. https://www.rfc-editor.org/rfc/rfc3986#section-3.2"""


def artifact_digest(stored: Stored) -> dict[str, str]:
    """The digest by in-toto's name for how it was computed: a folder's is over the list of its files. Empty if it has none.

    https://github.com/in-toto/attestation/blob/main/spec/v1/digest_set.md
    """
    digest = _sha256(stored.sha256)
    is_folder = (stored.uri or "").endswith("/")
    return {"dirHash": digest["sha256"]} if digest and is_folder else digest


def descriptor(name: str, uri: str | None, digest: dict[str, str], annotations: dict[str, Any] | None = None) -> dict[str, Any]:
    """A resource, without what is not known of it. It is none if neither its address nor its digest is known."""
    address = None if uri is None else to_uri(uri)
    noted = {key: value for key, value in (annotations or {}).items() if value is not None}
    fields = {"name": name, "uri": address, "digest": digest, "annotations": noted}
    return {key: value for key, value in fields.items() if value}


def to_uri(address: str) -> str | None:
    """The address as a URI, in which other characters are percent-encoded; None if it is relative, or can be none."""
    if (scheme := _SCHEME.match(address)) is None:
        return None
    rest = address[scheme.end() :]
    if rest.startswith("//") and not _AUTHORITY.match(rest):
        return None
    path, mark, fragment = _LONE_PERCENT.sub("%25", rest).partition("#")
    return scheme[0].lower() + quote(path, safe=_IN_URIS) + mark + quote(fragment, safe=_IN_URIS)


def dependencies(run: RunState) -> list[dict[str, Any]]:
    """The code, the image and the datasets of a run, by the spec of its newest attempt."""
    spec = run.spec or {}
    described = [*_code(spec.get("code")), _image(run, spec.get("image")), *map(_dataset, run.lineage.datasets)]
    return [resource for resource in described if "uri" in resource or "digest" in resource]


def _code(code: Any) -> list[dict[str, Any]]:
    """The commit, and the patch that it lacks of what ran."""
    if not isinstance(code, dict):
        return []
    commit, repository, diff = code.get("commit"), code.get("repository"), code.get("diff")
    digest = {"gitCommit": commit} if isinstance(commit, str) and _GIT_COMMIT.fullmatch(commit) else {}
    at = f"@{commit}" if digest else ""
    # https://spdx.github.io/spdx-spec/v2.3/package-information/#77-package-download-location-field
    uri = f"git+{repository}{at}" if isinstance(repository, str) and _SCHEME.match(repository) else None
    resources = [descriptor("code", uri, digest, {"dirty": code.get("dirty"), "notKept": code.get("not_kept")})]
    if isinstance(diff, dict):
        address = diff["uri"] if isinstance(diff.get("uri"), str) else None
        resources.append(descriptor("code patch", address, _sha256(diff.get("sha256"))))
    return resources


def _image(run: RunState, image: Any) -> dict[str, Any]:
    """The container image. Its address has no scheme of its own."""
    recorded = image if isinstance(image, dict) else {}
    address = recorded.get("uri") or (run.job.image if run.job else None)
    digest = _sha256(str(recorded.get("digest")).removeprefix("sha256:"))
    if not isinstance(address, str):
        return descriptor("image", None, digest)
    at = f"@sha256:{digest['sha256']}" if digest and "@" not in address else ""
    return descriptor("image", f"docker://{address}{at}", digest)


def _sha256(text: Any) -> dict[str, str]:
    return {"sha256": text} if isinstance(text, str) and _SHA256.fullmatch(text) else {}


def _dataset(used: UsedDataset) -> dict[str, Any]:
    digest, named = artifact_digest(used), used.digest
    if named is not None and (match := _NAMED_DIGEST.fullmatch(named)):
        digest, named = {match[1]: match[2], **digest}, None
    annotations = {"role": used.role, "versionId": used.version_id, "digest": named}
    return descriptor(used.name or used.role or "dataset", used.uri, digest, annotations)
