"""Signed notes, after https://c2sp.org/signed-note."""

from base64 import b64encode

import pytest
from training_events.errors import BadSignature, BadTree
from training_events.proof.tree.note import MAX_NOTE_BYTES, check_note, key_id, read_note, signed_note

from tests.support.trees import ORIGIN, MemoryKey

KEY = MemoryKey()
TEXT = f"{ORIGIN}\n7\nroot\n"
SPECIFICATION = """\
Ognuno sta solo sul cuor della terra
trafitto da un raggio di sole:

ed è subito sera.

\u2014 quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=
"""


def test_the_note_of_the_specification_is_read():
    note = read_note(SPECIFICATION.encode())
    assert note.text == SPECIFICATION.partition("\n\n\u2014")[0] + "\n"
    [signature] = note.signatures
    assert (signature.name, signature.key_id.hex()) == ("quasimodo.example/salvatore", "367ba04b")
    assert len(signature.signature) == 64, "Ed25519"


def test_a_note_has_the_text_an_empty_line_and_the_signature():
    note = signed_note(TEXT, KEY)
    text, _, signatures = note.decode().rpartition("\n\n")
    assert text + "\n" == TEXT
    assert signatures.startswith(f"\u2014 {ORIGIN} ")
    assert signatures.endswith("\n")
    assert check_note(note, ORIGIN, KEY.public_key) == TEXT


def test_a_key_is_named_by_the_beginning_of_the_digest_of_its_der():
    [signature] = read_note(signed_note(TEXT, KEY)).signatures
    # the public key of the private key 1 is the curve's own point: its DER, through xxd -r -p | sha256sum
    assert signature.key_id == key_id(KEY.public_key) == bytes.fromhex("5cd252fb")


def test_signatures_of_unknown_keys_are_not_looked_at():
    other = signed_note(TEXT, MemoryKey(2, "witness.example/w")).decode().rpartition("\n\n")[2]
    note = signed_note(TEXT, KEY) + other.encode()
    assert check_note(note, ORIGIN, KEY.public_key) == TEXT
    assert len(read_note(note).signatures) == 2


@pytest.mark.parametrize("signer", [MemoryKey(2), MemoryKey(1, "other")])
def test_a_note_that_the_key_did_not_sign_is_refused(signer):
    with pytest.raises(BadSignature, match="did not sign the note"):
        check_note(signed_note(TEXT, signer), ORIGIN, KEY.public_key)


def test_one_bad_signature_of_the_key_spoils_a_note_that_has_a_good_one_too():
    forged = b64encode(key_id(KEY.public_key) + KEY.sign(b"another text")).decode()
    note = signed_note(TEXT, KEY) + f"\u2014 {ORIGIN} {forged}\n".encode()
    with pytest.raises(BadSignature, match="is not one of this note"):
        check_note(note, ORIGIN, KEY.public_key)


def test_the_text_of_another_note_does_not_go_with_a_signature():
    note = signed_note(TEXT, KEY).replace(b"\n7\n", b"\n8\n")
    with pytest.raises(BadSignature, match="is not one of this note"):
        check_note(note, ORIGIN, KEY.public_key)


LINE = "\u2014 name AAAAAAAA"


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text\n",
        "text\n\n",
        f"text\n{LINE}\n",
        f"text\n\n{LINE}",
        f"text\r\n\n{LINE}\n",
        "text\n\n- name AAAAAAAA\n",
        "text\n\n\u2014  AAAAAAAA\n",
        "text\n\n\u2014 na+me AAAAAAAA\n",
        "text\n\n\u2014 na\u00a0me AAAAAAAA\n",
        "text\n\n\u2014 name AAAAAA==\n",
        "text\n\n\u2014 name AAAAAAB=\n",
        "text\n\n\u2014 name AAAAAAAA \n",
        "text\n\n\u2014 name !\n",
        f"text\n\n{LINE}\nmore\n",
        f"{'a' * MAX_NOTE_BYTES}\n\n{LINE}\n",
    ],
)
def test_what_is_no_note_is_refused(note):
    with pytest.raises(BadTree):
        read_note(note.encode())


def test_bytes_that_are_not_utf_8_are_no_note():
    with pytest.raises(BadTree, match="not UTF-8"):
        read_note(f"text\n\n{LINE}\n".encode("latin-1", "replace") + b"\xff")


@pytest.mark.parametrize(
    ("text", "name"), [("no newline", ORIGIN), ("a\tb\n", ORIGIN), (TEXT, "a b"), (TEXT, "a+b"), (TEXT, "")]
)
def test_what_could_not_be_read_again_is_not_signed(text, name):
    with pytest.raises(BadTree):
        signed_note(text, MemoryKey(1, name))
