"""A key in KMS that signs checkpoints of the log. Its private part never leaves KMS; only the notary's role may use it.

https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from training_events.cached_property import cached_property
from training_events.errors import MissingSetting

P256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")
"""What every public key on the curve P-256 begins with in DER: https://www.rfc-editor.org/rfc/rfc5480#section-2"""
MAX_RAW_BYTES = 4096
"""KMS hashes a message of at most so many bytes itself. Of a longer one it gets the SHA-256."""


class KmsSigner:
    """A Signer. `name` is the log's origin, `key` the ARN. Each `sign` is one request; the public key is asked for once."""

    def __init__(self, name: str, key: str, client: Any) -> None:
        self.name = name
        self.key = key
        self._client = client

    @cached_property
    def public_key(self) -> bytes:
        """In DER, as KMS gives it. Raises MissingSetting for a key that signs otherwise."""
        public_key = bytes(self._client.get_public_key(KeyId=self.key)["PublicKey"])
        if not public_key.startswith(P256):
            raise MissingSetting(f"the key {self.key} cannot sign checkpoints; allowed: ECC_NIST_P256 for SIGN_VERIFY")
        return public_key

    def sign(self, message: bytes) -> bytes:
        """The ECDSA signature over the SHA-256 of the message, in DER."""
        how: Any = {"Message": message, "MessageType": "RAW"}
        if len(message) > MAX_RAW_BYTES:
            how = {"Message": sha256(message).digest(), "MessageType": "DIGEST"}
        return bytes(self._client.sign(KeyId=self.key, SigningAlgorithm="ECDSA_SHA_256", **how)["Signature"])
