"""Signed notes: a text, an empty line, and a line for each signature (https://c2sp.org/signed-note).

The signatures made here are ECDSA with P-256 and SHA-256, type 0x02 there: their key id is the beginning of the SHA-256 of the
public key in DER.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from hashlib import sha256
from typing import NamedTuple, Protocol

from training_events.errors import BadSignature, BadTree

KEY_ID_BYTES = 4
MAX_NOTE_BYTES = 2**16
"""A reader has to take 16 signatures, and may set a limit."""

_LINE_BEGINS = "\u2014 "


class Signer(Protocol):
    """A key that signs. On AWS it is in KMS, on a laptop in a file."""

    @property
    def name(self) -> str:
        """The name of the key in a note's signature line: the origin of the log."""
        ...

    @property
    def public_key(self) -> bytes:
        """The public key as DER SubjectPublicKeyInfo."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The ECDSA signature over the SHA-256 of the message, in DER."""
        ...


class Signature(NamedTuple):
    """A signature line."""

    name: str
    key_id: bytes
    signature: bytes


class Note(NamedTuple):
    """A note that was read. Nobody has checked its signatures."""

    text: str
    """With its last newline: what is signed."""
    signatures: list[Signature]


def key_id(public_key: bytes) -> bytes:
    """How a signature line names a public key: not unique, it only tells which key to try."""
    return sha256(public_key).digest()[:KEY_ID_BYTES]


def signed_note(text: str, signer: Signer) -> bytes:
    """The text with the signer's signature. Raises BadTree if it cannot be a note's text, or the signer's name no key's."""
    if not text.endswith("\n") or not _is_clean(text):
        raise BadTree("the text of a note ends with a newline and has no other control characters")
    if not _is_name(signer.name):
        raise BadTree(f"the name of a key has no blanks and no '+': {signer.name!a}")
    signature = b64encode(key_id(signer.public_key) + signer.sign(text.encode())).decode()
    return f"{text}\n{_LINE_BEGINS}{signer.name} {signature}\n".encode()


def read_note(content: bytes) -> Note:
    """The parts of a note. Raises BadTree if it is none."""
    if len(content) > MAX_NOTE_BYTES:
        raise BadTree(f"a note has {len(content)} bytes; allowed: at most {MAX_NOTE_BYTES}")
    try:
        note = content.decode()
    except UnicodeDecodeError:
        raise BadTree("a note is not UTF-8") from None
    text, blank, signatures = note.rpartition("\n\n")
    if not text or not blank or not signatures.endswith("\n") or not _is_clean(note):
        raise BadTree("a note is not a text, an empty line, and lines of signatures")
    return Note(text + "\n", [_read_signature(line) for line in signatures[:-1].split("\n")])


def check_note(content: bytes, name: str, public_key: bytes) -> str:
    """The text of a note that the key of this name signed. Raises BadTree, and BadSignature if the key did not sign it.

    Signatures of other keys are not looked at.
    """
    from training_events.proof.tree.keys import verify_signature  # noqa: PLC0415 - who only signs needs no cryptography

    note = read_note(content)
    ours = [line.signature for line in note.signatures if (line.name, line.key_id) == (name, key_id(public_key))]
    if not ours:
        raise BadSignature(f"the key {key_id(public_key).hex()} of {name!a} did not sign the note")
    if not all(verify_signature(public_key, note.text.encode(), signature) for signature in ours):
        raise BadSignature(f"the signature of the key {key_id(public_key).hex()} of {name!a} is not one of this note")
    return note.text


def _read_signature(line: str) -> Signature:
    name, blank, encoded = line.removeprefix(_LINE_BEGINS).partition(" ")
    if line.startswith(_LINE_BEGINS) and blank and _is_name(name):
        try:
            signature = b64decode(encoded, validate=True)
        except ValueError:
            signature = b""
        # written again it is the same: nothing in a note can be changed without a difference
        if len(signature) > KEY_ID_BYTES and b64encode(signature).decode() == encoded:
            return Signature(name, signature[:KEY_ID_BYTES], signature[KEY_ID_BYTES:])
    raise BadTree(f"a line of a note is no signature: {line!a:.100}")


def _is_clean(text: str) -> bool:
    return all(character >= " " or character == "\n" for character in text)


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and name.split() == [name]
