"""A person's own key, and the check of signatures, held against openssl."""

import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from training_events.errors import BadTree, MissingSetting, NotStored
from training_events.proof.tree.keys import LaptopKey, key_file, public_pem, read_public_key, verify_signature
from training_events.settings import Settings

MESSAGE = b"training-events/a\n7\nroot\n"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "config" / "training-events" / "key.pem"


def private_pem(key, encryption=None):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"TRAINING_EVENTS_CHECKPOINT_KEY": "/a/key.pem", "XDG_CONFIG_HOME": "/c"}, "/a/key.pem"),
        ({"XDG_CONFIG_HOME": "/c"}, "/c/training-events/checkpoint-key.pem"),
        ({"XDG_CONFIG_HOME": "not/absolute"}, "~/.config/training-events/checkpoint-key.pem"),
        ({}, "~/.config/training-events/checkpoint-key.pem"),
    ],
)
def test_the_file_of_the_key_is_the_named_one_or_among_the_users_settings(environment, expected):
    assert key_file(Settings(environment)) == Path(expected).expanduser()


def test_a_key_is_made_once_and_for_its_user_alone(file):
    first, second = LaptopKey("a", file), LaptopKey("b", file)
    assert first.public_key == second.public_key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [entry.name for entry in file.parent.iterdir()] == [file.name]
    assert verify_signature(first.public_key, MESSAGE, second.sign(MESSAGE))


def test_processes_that_begin_at_once_have_one_key(file):
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda number: LaptopKey(f"{number}", file).public_key, range(8)))
    assert len(set(keys)) == 1


def test_openssl_takes_the_signatures_and_its_own_are_taken(file, tmp_path):
    key = LaptopKey("a", file)
    paths = {name: tmp_path / name for name in ("message", "signature", "public.pem")}
    paths["message"].write_bytes(MESSAGE)
    paths["signature"].write_bytes(key.sign(MESSAGE))
    paths["public.pem"].write_bytes(public_pem(key.public_key))
    verify = ["openssl", "dgst", "-sha256", "-verify", paths["public.pem"], "-signature", paths["signature"], paths["message"]]
    assert subprocess.run(verify, capture_output=True, text=True, check=True).stdout == "Verified OK\n"
    theirs = subprocess.run(
        ["openssl", "dgst", "-sha256", "-sign", file, paths["message"]], capture_output=True, check=True
    ).stdout
    assert verify_signature(key.public_key, MESSAGE, theirs)


def test_what_the_key_did_not_sign_is_told_apart(file):
    key, other = LaptopKey("a", file), LaptopKey("a", file.with_name("other.pem"))
    signature = key.sign(MESSAGE)
    assert not verify_signature(key.public_key, MESSAGE + b"\n", signature)
    assert not verify_signature(other.public_key, MESSAGE, signature)
    assert not verify_signature(key.public_key, MESSAGE, signature[:-1])
    assert not verify_signature(key.public_key, MESSAGE, b"")


@pytest.mark.parametrize(
    "public_key",
    [
        b"",
        b"not a key",
        ec.derive_private_key(1, ec.SECP384R1()).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
        .public_key()
        .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    ],
)
def test_a_key_of_another_kind_checks_nothing(public_key):
    with pytest.raises(BadTree, match="a public key"):
        verify_signature(public_key, MESSAGE, b"")


@pytest.mark.parametrize("form", ["private PEM", "public PEM", "public DER"])
def test_the_key_to_trust_is_read_in_every_form(file, tmp_path, form):
    key = LaptopKey("a", file)
    contents = {"private PEM": file.read_bytes(), "public PEM": public_pem(key.public_key), "public DER": key.public_key}
    given = tmp_path / "given"
    given.write_bytes(contents[form])
    assert read_public_key(given) == key.public_key


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0",
        b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        private_pem(ec.derive_private_key(1, ec.SECP384R1())),
        private_pem(ec.derive_private_key(1, ec.SECP256R1()), BestAvailableEncryption(b"password")),
    ],
)
def test_a_file_that_holds_no_key_is_the_callers_mistake(tmp_path, content):
    file = tmp_path / "given"
    file.write_bytes(content)
    with pytest.raises(MissingSetting, match=r"holds no (public|private) key"):
        read_public_key(file)
    with pytest.raises(MissingSetting, match="holds no private key on the curve P-256, as PEM without a password"):
        LaptopKey("a", file)
    assert file.read_bytes() == content, "never replaced"


def test_a_file_that_cannot_be_read_or_made_is_named(tmp_path):
    with pytest.raises(MissingSetting, match=r"the key to trust, .*none: No such file"):
        read_public_key(tmp_path / "none")
    (tmp_path / "file").touch()
    with pytest.raises(NotStored, match=r"the key that signs checkpoints, .*file/key\.pem: File exists .*/file.$"):
        LaptopKey("a", tmp_path / "file" / "key.pem")
