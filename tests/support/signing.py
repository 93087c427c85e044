"""A signer with a key in memory, and the key as others' programs take it."""

from base64 import b64decode
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]  # its own documents import it so


class KeyInMemory:
    """As checkpoints are signed: ECDSA on P-256 over SHA-256."""

    def __init__(self, name: str = "training-events/test") -> None:
        self.name = name
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.public_key = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message, ec.ECDSA(hashes.SHA256()))

    @property
    def pem(self) -> bytes:
        return self._key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def checked_by_securesystemslib(envelope: dict[str, Any], public_key: bytes) -> bytes:
    """The payload of a DSSE envelope that in-toto's own library has verified. Raises its VerificationError."""
    keyid = envelope["signatures"][0]["keyid"]
    key = SSlibKey.from_crypto(serialization.load_der_public_key(public_key), keyid)
    read = Envelope.from_dict({**envelope, "signatures": [dict(signature) for signature in envelope["signatures"]]})
    read.verify([key], 1)
    assert read.payload == b64decode(envelope["payload"])
    return read.payload
