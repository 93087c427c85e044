"""Keys that sign checkpoints of the log: a person's own, in a file; and what checks the signatures of all of them.

All are ECDSA with P-256 and SHA-256, as KMS has them: one verifier serves a laptop and AWS.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from training_events.errors import BadTree, MissingSetting, NotStored

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey

    from training_events.settings import Settings

# cryptography takes longer to import than the rest of a command: only who signs or checks a signature imports it.


def key_file(settings: Settings) -> Path:
    """The file that TRAINING_EVENTS_CHECKPOINT_KEY names, else one where the XDG Base Directory Specification has settings."""
    if file := settings.optional("checkpoint_key"):
        return Path(file).absolute()
    home = Path(settings.environment.get("XDG_CONFIG_HOME", ""))
    if not home.is_absolute():
        home = Path(os.path.expanduser("~/.config"))  # noqa: PTH111 - pathlib's raises
    return home / "training-events" / "checkpoint-key.pem"


class LaptopKey:
    """A person's own key. Its file is made when it is first needed, readable for nobody else, and never replaced.

    `name` is the origin of the log whose checkpoints it signs. Raises MissingSetting if the file holds no such key, and
    NotStored if it can neither be read nor made.
    """

    def __init__(self, name: str, file: Path) -> None:
        self.name = name
        try:
            if not file.exists():
                _make(file)
            content = file.read_bytes()
        except OSError as failure:
            raise NotStored(f"the key that signs checkpoints, {file}: {failure.strerror} ({failure.filename})") from None
        self._key = _private_key(content, file)

    @property
    def public_key(self) -> bytes:
        return _der(self._key.public_key())

    def sign(self, message: bytes) -> bytes:
        from cryptography.hazmat.primitives.asymmetric.ec import ECDSA  # noqa: PLC0415
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

        return self._key.sign(message, ECDSA(SHA256()))


def read_public_key(file: Path) -> bytes:
    """The public key, in DER, of a file that holds it or its private key, as PEM or DER. Raises MissingSetting."""
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    try:
        content = file.read_bytes()
    except OSError as failure:
        raise MissingSetting(f"the key to trust, {file}: {failure.strerror}") from None
    if b"PRIVATE KEY" in content:
        return _der(_private_key(content, file).public_key())
    try:
        return _der(_p256(load_pem_public_key(content) if content.startswith(b"-----") else _loaded(content)))
    except (ValueError, BadTree):
        raise MissingSetting(f"{file} holds no public key on the curve P-256, as PEM or DER") from None


def public_pem(public_key: bytes) -> bytes:
    """The public key as PEM, which other programs read."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415

    return _p256(_loaded(public_key)).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def verify_signature(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the key made this signature over the SHA-256 of the message; key and signature in DER.

    Raises BadTree if the key is not one on the curve P-256.
    """
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

    key = _p256(_loaded(public_key))
    try:
        key.verify(signature, message, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _make(file: Path) -> None:
    """Two processes may do it at once: the file appears whole, and the first one stays."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat  # noqa: PLC0415

    pem = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=file.parent, prefix=f"{file.name}.") as whole:  # with mode 0600
        whole.write(pem)
        whole.flush()
        os.fsync(whole.fileno())
        with suppress(FileExistsError):
            os.link(whole.name, file)


def _private_key(content: bytes, file: Path) -> EllipticCurvePrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    with suppress(ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: it wants a password
        key = load_pem_private_key(content, None)
        if isinstance(key, EllipticCurvePrivateKey) and key.curve.name == "secp256r1":
            return key
    raise MissingSetting(f"{file} holds no private key on the curve P-256, as PEM without a password")


def _loaded(public_key: bytes) -> object:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_der_public_key  # noqa: PLC0415

    try:
        return load_der_public_key(public_key)
    except (ValueError, UnsupportedAlgorithm):
        raise BadTree(f"a public key of {len(public_key)} bytes is not one in DER") from None


def _p256(key: object) -> EllipticCurvePublicKey:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey  # noqa: PLC0415

    if isinstance(key, EllipticCurvePublicKey) and key.curve.name == "secp256r1":
        return key
    raise BadTree("a public key is not one on the curve P-256")


def _der(key: EllipticCurvePublicKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415

    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
