"""Credentials inside an address: before its host's `@`, and in what follows a `?`, a `#` or a `;`. It may stand in any text."""

from __future__ import annotations

import re
from urllib.parse import unquote

from .names import is_secret_name
from .tokens import MASK

_ADDRESS = re.compile(r"(?<![A-Za-z0-9+.\-])([A-Za-z][A-Za-z0-9+.\-]{1,40}):(\\?/\\?/)([^\s\"'<>`]*)")
_ENCODED = re.compile(r"(?<![\w+.\-])[A-Za-z][\w+.\-]{1,40}%3A%2F%2F[^\s\"'<>`&]*", re.IGNORECASE)
_USER_BELONGS = re.compile(r".*ssh.*|abfss?|wasbs?|oci|sftp|rsync|hdfs")
"""Schemes whose `user@` says where something is: `git` of an SSH address, a container of Azure's storage
(https://learn.microsoft.com/azure/storage/blobs/data-lake-storage-introduction-abfs-uri), a bucket of Oracle's."""
_USER_AND_PASSWORD = re.compile(r"(?!\[)[^/?#@:\\]*:(?!\d+(?:[/?#]|\\/|$))")
"""What is not the port of a host is a password, and may hold any sign: `u:p/w@h`, `u:p@s?@h`."""
_DATABASE = re.compile(
    r"postgres.*|mysql.*|mariadb.*|mongodb.*|rediss?|amqps?|mssql.*|oracle.*|clickhouse.*|snowflake|redshift.*|ldaps?"
)
"""In their addresses a password may also begin like a port: what is behind the host seldom has an `@`."""
_HOST = re.compile(r"(?:[\w.\-%${}()]+|\[[^\]]*\])?(?::\d+)?(?=[/?#\\,]|$)")
_CERTAIN_HOST = re.compile(r"localhost|[\w\-]+\.[\w.\-]+|[\w\-]+:\d+")
_PASSWORDS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(jdbc:oracle:\w{1,20}:[^\s/@]{1,80}/)[^\s@]+(?=@)",
        r"(?<![\w/.\-])([\w.\-]{1,80}:)[^\s@/:]+(?=@(?!sha\d+:)(?:tcp|unix)?[(\w.\-]{1,255}:\d)",  # `u:password@tcp(host:3306)`
    )
)

_PARAMETER = re.compile(r"([?&#;])([^=&#;\s\"'<>]{1,80})=(\{(?:[^}\n]|\}\}){0,500}+\}(?!\})|[^&#;\s\"'<>`]*)")
_SIGNATURE = re.compile(
    "sig|signature|sas|x-amz-signature|x-amz-credential|x-amz-security-token|awsaccesskeyid|key-pair-id"
    "|x-goog-signature|x-goog-credential|googleaccessid"
)
"""Parameters of signed addresses: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html,
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-canned-policy.html,
https://cloud.google.com/storage/docs/authentication/signatures,
https://learn.microsoft.com/rest/api/storageservices/create-service-sas"""
_LONG_SIGNATURE = re.compile(_SIGNATURE.pattern + "|key|code|policy|ticket|hmac|hdnts")
"""Harmless parameters have these further names too. A credential is longer than they are."""
_MIN_LONG = 16


def without_credentials(text: str) -> str:
    """The text, in whose addresses the part before the host's `@` is left out, and secret parameters are MASK.

    Where that `@` comes only after a `/`, `?` or `#`, all behind the scheme is MASK.
    """
    if "%3" in text:
        text = _ENCODED.sub(_encoded, text)
    if "://" in text or ":\\/" in text:
        text = _ADDRESS.sub(_address, text)
    if "=" in text:
        text = _PARAMETER.sub(_parameter, text)
    if "@" in text:
        for password in _PASSWORDS:
            text = password.sub(rf"\1{MASK}", text)
    return text


def _address(found: re.Match[str]) -> str:
    scheme, slashes, rest = found.groups()
    at = _end_of_user(scheme.lower(), rest)
    if at < 0 or rest.startswith("sha256:", at + 1):  # the digest of an image
        return found[0]
    if at > _authority(rest):  # is this a password with a slash, or a path with an `@`? The host would be a guess
        return f"{scheme}:{slashes}{MASK}"
    user = rest[:at].partition(":")[0]
    return f"{scheme}:{slashes}{f'{user}@' if _USER_BELONGS.fullmatch(scheme.lower()) else ''}{rest[at + 1 :]}"


def _end_of_user(scheme: str, rest: str) -> int:
    """The place of the `@` before the host; -1 if there is none."""
    end = _authority(rest)
    last = rest.rfind("@", 0, end)
    if not _USER_AND_PASSWORD.match(rest) and not (_DATABASE.fullmatch(scheme) and ":" in rest[:end]):
        return last
    before_hosts = [sign.start() for sign in re.finditer("@", rest) if _HOST.match(rest, sign.end())]
    certain = (at for at in before_hosts if _CERTAIN_HOST.match(rest, at + 1))
    return next(certain, before_hosts[-1] if before_hosts else last)


def _authority(rest: str) -> int:
    """Where user, host and port end: at the first `/`, `?` or `#` (https://www.rfc-editor.org/rfc/rfc3986#section-3.2)."""
    found = re.search(r"[/?#\\]", rest)
    return found.start() if found else len(rest)


def _encoded(found: re.Match[str]) -> str:
    """An address inside an address, where its signs are written as `%3A` and the like."""
    address = unquote(found[0])
    return found[0] if without_credentials(address) == address else MASK


def _parameter(found: re.Match[str]) -> str:
    sign, name, value = found.groups()
    plain_name = unquote(name).lower().removeprefix("amp;")
    is_signature = (_LONG_SIGNATURE if len(value) >= _MIN_LONG else _SIGNATURE).fullmatch(plain_name)
    return f"{sign}{name}={MASK}" if value and (is_signature or is_secret_name(plain_name)) else found[0]
