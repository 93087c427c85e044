"""check.py verifies ECDSA over P-256 in plain Python. The library `cryptography` is the judge."""

from hashlib import sha256

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from hypothesis import example, given, settings
from hypothesis import strategies as st
from training_events.evidence.check import N, P, is_signed, key_of

private_numbers = st.one_of(st.integers(1, 5), st.integers(N - 5, N - 1), st.integers(1, N - 1))
messages = st.binary(max_size=100)


def key_pair(number: int) -> tuple[ec.EllipticCurvePrivateKey, bytes]:
    key = ec.derive_private_key(number, ec.SECP256R1())
    return key, key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def judged(key: bytes, message: bytes, signature: bytes) -> bool:
    public = load_der_public_key(key)
    assert isinstance(public, ec.EllipticCurvePublicKey)
    try:
        public.verify(signature, message, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


@settings(max_examples=30)
@given(private_numbers, messages)
def test_what_the_owner_signed_is_signed(number: int, message: bytes) -> None:
    private, public = key_pair(number)
    signature = private.sign(message, ec.ECDSA(SHA256()))
    assert is_signed(public, message, signature)
    assert not is_signed(public, message + b"x", signature)
    assert not is_signed(key_pair(number % (N - 2) + 2)[1], message, signature)


@settings(max_examples=50)
@given(private_numbers, messages, st.integers(0, 72 * 8 - 1))
def test_an_altered_bit_of_a_signature_is_judged_as_by_the_library(number: int, message: bytes, bit: int) -> None:
    private, public = key_pair(number)
    signature = bytearray(private.sign(message, ec.ECDSA(SHA256())))
    signature[bit // 8 % len(signature)] ^= 1 << bit % 8
    assert is_signed(public, message, bytes(signature)) == judged(public, message, bytes(signature)) is False


edges = st.sampled_from([0, 1, 2, 127, 128, 255, 256, N - 1, N, N + 1, P, 2**256 - 1, 2**256, 2**264])
whole_numbers = st.one_of(edges, st.integers(0, 2**257))


@given(st.integers(1, 10), messages, whole_numbers, whole_numbers)
@example(1, b"", 0, 0)
def test_any_two_numbers_are_judged_as_by_the_library(number: int, message: bytes, r: int, s: int) -> None:
    _, public = key_pair(number)
    signature = encode_dss_signature(r, s)
    assert is_signed(public, message, signature) == judged(public, message, signature)


@given(st.integers(1, 10), st.binary(max_size=80))
def test_any_bytes_are_judged_as_by_the_library(number: int, signature: bytes) -> None:
    _, public = key_pair(number)
    assert is_signed(public, b"message", signature) == judged(public, b"message", signature) is False


@pytest.mark.parametrize("number", [1, 2, N - 1])
def test_a_signature_that_is_longer_or_written_otherwise_is_none(number: int) -> None:
    private, public = key_pair(number)
    signature = private.sign(b"m", ec.ECDSA(SHA256()))
    inner = signature[2:]
    padded = inner[:1] + bytes([inner[1] + 1, 0]) + inner[2:]
    others = [signature + b"\0", b"\x30" + bytes([len(inner) + 1]) + inner + b"\0", b"\x30\x81" + signature[1:], b"",
              b"\x30" + bytes([len(padded)]) + padded, b"\x31" + signature[1:]]  # fmt: skip
    for other in others:
        assert not is_signed(public, b"m", other)
        assert not judged(public, b"m", other)


def test_sums_of_equal_and_opposite_points_are_right() -> None:
    # r = s and the key is G: the two parts of the sum are multiples of the same point; for some they meet
    _, public = key_pair(1)
    digest = int.from_bytes(sha256(b"m").digest(), "big")
    for r in (digest % N, -digest % N, digest // 2):
        for s in (1, 2, digest % N):
            signature = encode_dss_signature(r, s)
            assert is_signed(public, b"m", signature) == judged(public, b"m", signature)


def test_what_is_no_key_is_refused() -> None:
    private, public = key_pair(3)
    on_another_curve = ec.derive_private_key(5, ec.SECP384R1()).public_key()
    others = {
        "shorter": public[:-1],
        "longer": public + b"\0",
        "beside the curve": public[:-1] + bytes([public[-1] ^ 1]),
        "compressed": public[:26] + b"\x02" + public[27:59],
        "the origin": public[:27] + bytes(64),
        "x is too large": public[:27] + P.to_bytes(32) + public[59:],
        "zeros": bytes(91),
        "nothing": b"",
        "another curve": on_another_curve.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    }
    signature = private.sign(b"m", ec.ECDSA(SHA256()))
    for what, other in others.items():
        with pytest.raises(ValueError, match="no public key of P-256"):
            print(what, is_signed(other, b"m", signature))


@given(private_numbers)
def test_a_key_is_read_as_pem_and_as_der(number: int) -> None:
    private, public = key_pair(number)
    assert (
        key_of(private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)) == key_of(public) == public
    )
