"""Checks a file of evidence: `python check.py FILE.zip --key key.pem`. It needs Python 3.9 or later, and nothing else.

Exit code 0: all is as it was recorded; 1: something is not; 2: no such file, or no key. It unpacks nothing and asks no network.
Take this program and the key from somebody you trust: copies that came with the file may say anything.

The SHA-256 of each event's line is in a leaf of a Merkle tree (RFC 6962), whose root is in a checkpoint, which is signed (ECDSA
over P-256). Seals, digests of files and the statement of provenance are held against the events.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

FORMAT = "training-events/evidence/1"
NOT_PROVED = "ea186d95bf33d4f26eaa82a75a167fdfd7acee0c6767ba09b0b7f7a7c6d4d82c"  # the SHA-256 of what no such file proves
MAX_LINE_BYTES, MAX_DOCUMENT_BYTES, MAX_RATIO, MAX_PROBLEMS = 2**22, 2**26, 100, 100

# ECDSA over P-256: FIPS 186-5, section 6.4.2, and SEC 2, section 2.4.2. A point is (x, y); the one at infinity is None.
P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
     0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)  # fmt: skip
KEY_HEAD = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")  # of each such key in DER; x and y follow


def added(one: Any, other: Any) -> Any:
    if one is None or other is None:
        return one or other
    (x1, y1), (x2, y2) = one, other
    if x1 == x2 and (y1 + y2) % P == 0:
        return None
    slope = (3 * x1 * x1 - 3) * pow(2 * y1, -1, P) if one == other else (y2 - y1) * pow(x2 - x1, -1, P)
    x = (slope * slope - x1 - x2) % P
    return x, (slope * (x1 - x) - y1) % P


def is_signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the owner of this key (in DER) signed this message. Raises ValueError for what is no key."""
    point = x, y = int.from_bytes(key[27:59], "big"), int.from_bytes(key[59:], "big")
    if len(key) != 91 or key[:27] != KEY_HEAD or max(point) >= P or (y * y - x**3 + 3 * x - B) % P:
        raise ValueError("the key is no public key of P-256")
    length = signature[3] if 8 <= len(signature) <= 72 else 0
    r, s = int.from_bytes(signature[4 : 4 + length], "big"), int.from_bytes(signature[6 + length :], "big")
    texts = [number.to_bytes(number.bit_length() // 8 + 1, "big") for number in (r, s)]
    der = b"".join(bytes([2, len(text)]) + text for text in texts)  # which writes each signature in one way
    if not (0 < r < N and 0 < s < N) or bytes([0x30, len(der)]) + der != signature:
        return False
    inverse, digest = pow(s, -1, N), int.from_bytes(sha256(message).digest(), "big")
    of_g, of_point, total = digest * inverse % N, r * inverse % N, None
    for bit in reversed(range(256)):
        total = added(total, total)
        total = added(added(total, G if of_g >> bit & 1 else None), point if of_point >> bit & 1 else None)
    return total is not None and total[0] % N == r


def key_of(text: bytes) -> bytes:
    """A public key in DER, out of PEM or DER. Raises ValueError for what is none of P-256."""
    pem = re.fullmatch(rb"\s*-----BEGIN PUBLIC KEY-----\s+([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*", text)
    key = base64.b64decode(b"".join(pem[1].split()), validate=True) if pem else text
    is_signed(key, b"", b"")
    return key


def signed_text(note: bytes, key: bytes) -> str | None:
    """The text of a signed note (C2SP), if this key signed it. Before a signature stand four bytes of the key's SHA-256."""
    text, _, lines = note.decode().rpartition("\n\n")
    begin, name = f"— {text.split()[0]} ", sha256(key).digest()[:4]
    given = [base64.b64decode(line[len(begin) :], validate=True) for line in lines.split("\n") if line.startswith(begin)]
    signed = [is_signed(key, f"{text}\n".encode(), one[4:]) for one in given if one[:4] == name]
    return text if signed and all(signed) else None


def root_of(leaves: list[bytes]) -> bytes:
    """The root over all these leaves: RFC 9162, section 2.1.1."""
    half = 1 << (len(leaves) - 1).bit_length() >> 1
    below = b"\x01" + root_of(leaves[:half]) + root_of(leaves[half:]) if half else b"\x00" + leaves[0]
    return sha256(below).digest()


def root_by(proof: list[str], leaf: bytes, index: int, size: int) -> bytes:
    """The root over `size` leaves, of which this one has this index: RFC 9162, section 2.1.3. A proof ends below the root."""
    if (index, size, proof) == (0, 1, []):
        return sha256(b"\x00" + leaf).digest()
    half, sibling = 1 << (size - 1).bit_length() >> 1, bytes.fromhex(proof[-1])
    if index < half:
        return sha256(b"\x01" + root_by(proof[:-1], leaf, index, half) + sibling).digest()
    return sha256(b"\x01" + sibling + root_by(proof[:-1], leaf, index - half, size - half)).digest()


def files_named(data: Any) -> Iterator[tuple[Any, ...]]:
    """What an event says of each file that it has a digest of: address, version in S3, SHA-256, size, whether left in place."""
    fields = data if isinstance(data, dict) else {}
    address, digest, version, size = map(fields.get, ("uri", "sha256", "version_id", "bytes"))
    if isinstance(address, str) and isinstance(digest, str) and re.fullmatch("[0-9a-f]{64}", digest):
        version, size = version if isinstance(version, str) else None, size if type(size) is int else None
        yield address, version, digest, size, fields.get("in_place") is True
    for value in data if isinstance(data, list) else fields.values():
        yield from files_named(value)


class Check:
    """What a file of evidence shows: `problems` is what is wrong, `facts` what is true. `key` is the one to trust."""

    def __init__(self, path: Any, key: bytes | None = None) -> None:
        self.problems, self.facts = list[str](), dict[str, str]()
        self._path, self._trusted, self.not_proved = path, key, list[str]()
        self._leaves: dict[tuple[str, str], list[Any]] = {}  # of the events, by stream and position
        self._chains: dict[tuple[str, str], dict[int, tuple[str, Any]]] = {}  # each producer's digests, by their numbers
        self._named: dict[tuple[Any, ...], list[str]] = {}  # what events say of a file, and which events do
        self._registered, self._digests = list[dict[str, Any]](), set[bytes]()
        if self._try("the file", self._check_file) and self._try("checkpoint", self._check_checkpoint):
            for part in (self._check_events, self._check_seals, self._check_artifacts, self._check_provenance):
                self._try(part.__name__.replace("_check_", ""), part)

    def _try(self, where: str, part: Callable[..., None], *about: Any) -> bool:
        try:
            part(*about)
        except Exception as flaw:  # noqa: BLE001 - whatever somebody put into the file
            named = str(flaw) if type(flaw) is ValueError else f"not in the form of evidence ({type(flaw).__name__}: {flaw})"
            self._add(where, named)
            return False
        return True

    def _add(self, where: str, problem: str) -> None:
        line = f"{where}: {problem}"[:400]
        self.problems[MAX_PROBLEMS - 1 :] = [line if line.isprintable() else ascii(line)]

    def _check_file(self) -> None:
        """Each file in it is the one that evidence.json names. A name is never used as a path."""
        self._zip = zipfile.ZipFile(self._path)
        entries, seen = self._zip.infolist(), set[str]()
        for entry in entries:
            name, size, packed = entry.filename, entry.file_size, entry.compress_size
            if name in seen or name.startswith("/") or "\\" in name or ".." in name.split("/"):
                raise ValueError(f"{name} is in it more than once" if name in seen else f"{name} is no name for a file in it")
            is_document = "/" not in name and name != "proofs.json"
            if size > max(2**20, MAX_RATIO * packed) or (is_document and size > MAX_DOCUMENT_BYTES):
                raise ValueError(f"{name} would unpack to {size} bytes out of {packed}")
            seen.add(name)
        if sum(entry.compress_size for entry in entries) > self._zip.start_dir:
            raise ValueError("the files in it overlap")
        self._manifest = json.loads(self._zip.read("evidence.json"))
        not_proved, named = self._manifest["not_proved"], self._manifest["files"]
        if (self._manifest["format"], sha256("\n".join(not_proved).encode()).hexdigest()) != (FORMAT, NOT_PROVED):
            raise ValueError(f"evidence.json is not of the format {FORMAT}, or its not_proved is not that of each such file")
        for name in sorted((seen | set(named)) - {"evidence.json"}):
            found, listed = self._digest(name) if name in seen else "gone", named.get(name, "nothing of it")
            if found != listed:
                self._add(name, f"it is {found}, and evidence.json says {listed}")

    def _digest(self, name: str) -> str:
        content = sha256()
        with self._zip.open(name) as file:
            for piece in iter(lambda: file.read(2**20), b""):
                content.update(piece)
        return content.hexdigest()

    def _lines(self, name: str) -> Iterator[bytes]:
        with self._zip.open(name) as file:
            for line in iter(lambda: file.readline(MAX_LINE_BYTES), b""):
                if not line.endswith(b"\n"):
                    raise ValueError(f"{name} has a line without an end, or one of {MAX_LINE_BYTES} bytes")
                yield line[:-1]

    def _check_checkpoint(self) -> None:
        key = self._key = key_of(self._zip.read("key.pem"))
        trusted = self._trusted or key
        for name in self._manifest["handovers"]:  # the last note that a key signed names the next key
            if trusted != key and (text := signed_text(self._zip.read(name), trusted)) is not None:
                trusted = base64.b64decode(text.rpartition("\nnext-key ")[2])
        text = signed_text(self._zip.read("checkpoint"), key)
        if trusted != key or text is None:
            raise ValueError("key.pem did not sign it" if text is None else "key.pem is not the key to trust, nor one after it")
        (origin, size, root, *more), name = text.split("\n"), sha256(key).hexdigest()
        self._size, self._root, self.not_proved = int(size), base64.b64decode(root), self._manifest["not_proved"]
        at, self.facts["subject"] = next((it[3:] for it in more if it[:3] == "at "), None), ascii(self._manifest["subject"])
        signed = {"origin": origin, "size": self._size, "root": self._root.hex(), "at": at, "key": name}
        if self._manifest["checkpoint"] != signed:
            self._add("evidence.json", "what it says of the checkpoint is not what the checkpoint says")
        self.facts["checkpoint"] = f"{origin!a}, {self._size} events, root {self._root.hex()}, signed at {at!a}"
        self.facts["key"] = f"SHA-256 {name}" + ("" if self._trusted else ", which came with the file: compare it")

    def _check_events(self) -> None:
        proofs, streams = self._lines("proofs.json"), self._manifest["streams"]
        first = next(proofs)
        for about in streams:
            stream, file, count, order = about["stream"], about["file"], 0, list[str]()
            for count, line in enumerate(self._lines(file), 1):
                self._try(f"{file}, line {count}", self._check_event, stream, line, next(proofs, b"").rstrip(b","), order)
            if count != about["events"]:
                self._add(file, f"it has {count} events, and evidence.json says {about['events']}")
        if [first, *proofs] != [b'{"proofs":[', b"]}"]:
            self._add("proofs.json", "it is not a list of the proofs of these events")
        for (stream, producer), chain in self._chains.items():
            for number, (_, previous) in sorted(chain.items()):
                if number > 1 and chain.get(number - 1, ("",))[0] != previous:
                    self._add(stream, f"the event before number {number} of producer {producer} is missing, or another one")
        for model in self._registered:
            run, head = f"run/{str(model.get('run')).replace('run/', '', 1)}", model.get("run_head") or {}
            is_here = head and any(about["stream"] == run for about in streams)
            if is_here and self._leaves.get((run, head["position"]), ["", "", ""])[2] != head["digest"]:
                self._add(run, f"the event that version {model['version']} pinned is gone, or another one: {head['position']}")
        self.facts["events"] = f"{len(self._leaves)}, each in the tree of the checkpoint"

    def _check_event(self, stream: str, line: bytes, proof: bytes, order: list[str]) -> None:
        event, given = json.loads(line), json.loads(proof)
        leaf, index, position = given["leaf"], given["index"], f"{event['occurred_at']}#{event['event_id']}"
        digest = f"sha256:{sha256(line).hexdigest()}"
        if [stream, position, digest, *leaf[3:5], event["source"]] != leaf or event["stream"] != stream:
            raise ValueError("the event is not the one of its leaf in proofs.json")
        content = json.dumps(leaf, ensure_ascii=False, separators=(",", ":")).encode()  # canonical JSON (RFC 8785) of six texts
        if root_by(given["proof"], content, index, self._size) != self._root or order[-1:] >= [position]:
            raise ValueError("the tree has no such leaf: the event, its recorded_at, its account or its place was altered")
        order.append(position)
        self._leaves[stream, position] = leaf
        self._digests.update(re.findall(rb"[0-9a-f]{64}", line + digest.encode()))
        for named in files_named(event["data"]):
            self._named.setdefault(named, []).append(f"{stream} {position}")
        if event["type"] == "ModelRegistered":
            self._registered.append({"stream": stream, **event["data"]})
        if (producer := event.get("producer")) is not None:
            self._chains.setdefault((stream, producer["id"]), {})[producer["sequence"]] = digest, producer.get("previous")

    def _check_seals(self) -> None:
        for about in self._manifest["streams"]:
            stream, leaves, before = about["stream"], list[bytes](), None
            for number, name in enumerate(about["seals"], 1):
                head, *lines = self._lines(name)
                seal, leaves = json.loads(head), leaves + lines
                claimed = [seal["stream"], seal["number"], seal["events"], seal["root"], seal.get("previous")]
                if claimed != [stream, number, len(leaves), f"sha256:{root_of(leaves).hex()}", before]:
                    self._add(name, "its lines and the seal before do not give what its first line says")
                for position, *noted in map(json.loads, lines):
                    if self._leaves.get((stream, position), [])[2 : 2 + len(noted)] != noted:
                        self._add(name, f"it covers an event that is not in the file, or another one: {position}")
                before = f"sha256:{self._manifest['files'][name]}"

    def _check_artifacts(self) -> None:
        artifacts, fields = json.loads(self._zip.read("artifacts.json"))["artifacts"], ("uri", "version_id", "sha256", "bytes")
        if {(*map(it.get, fields), it["in_place"]): it["named_by"] for it in artifacts} != self._named:
            self._add("artifacts.json", "its files are not those that the events name")
        files, inside = self._manifest["files"], [it for it in artifacts if it["file"] is not None]
        for it in inside:
            below = sorted((name for name in files if it["file"].endswith("/") and name.startswith(it["file"])), key=str.encode)
            lines = "".join(f"{files[name]}  {name[len(it['file']) :]}\n" for name in below)
            if it["sha256"] != (sha256(lines.encode()).hexdigest() if below else files.get(it["file"])):
                self._add(it["file"], "it is not the file that the events name")
        self.facts["artifacts"] = f"{len(artifacts)} named by events, {len(inside)} in the file"
        known = self._digests.union(re.findall(rb"[0-9a-f]{64}", str([files, self._manifest["checkpoint"]]).encode()))
        for name in {"bom.cdx.json", "ro-crate-metadata.json", "index.html"} & set(files):
            for digest in set(re.findall(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])", self._zip.read(name))) - known:
                self._add(name, f"no event has the digest {digest.decode()}")

    def _check_provenance(self) -> None:
        """A DSSE envelope: the signature is over the type and the content with their lengths."""
        stream, subject = self._manifest["streams"][0]["stream"], self._manifest["subject"]
        versions = [it for it in self._registered if f"{stream}@{it['version']}" == subject and it["stream"] == stream]
        if subject != stream and not versions:
            self._add("evidence.json", "no event in the file is about its subject")
        if "provenance.dsse.json" not in self._manifest["files"]:
            return
        envelope = json.loads(self._zip.read("provenance.dsse.json"))
        kind, payload = envelope["payloadType"].encode(), base64.b64decode(envelope["payload"])
        message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
        if not any(is_signed(self._key, message, base64.b64decode(it["sig"])) for it in envelope["signatures"]):
            raise ValueError("key.pem did not sign it")
        told = {digest for subject in json.loads(payload)["subject"] for digest in subject["digest"].values()}
        if not told <= ({it["artifact"]["sha256"] for it in versions} or {named[2] for named in self._named}):
            raise ValueError("its subject is not the artifact that the events name")
        self.facts["provenance"] = "signed by the same key"


def main() -> int:
    parser = argparse.ArgumentParser(description="Checks a file of evidence. It needs no network, and nothing but Python.")
    parser.add_argument("file")
    parser.add_argument("--key", help="the public key to trust; without it, that in the file")
    asked = parser.parse_args()
    try:
        Path(asked.file).open("rb").close()
        check = Check(asked.file, asked.key and key_of(Path(asked.key).read_bytes()))
    except (OSError, ValueError) as error:
        parser.error(str(error))
    told, limits = [f"{name:<12} {fact}" for name, fact in check.facts.items()], ["It does not prove:", *check.not_proved]
    told += limits if check.not_proved else []
    print(*told, *check.problems, "It is not as it was recorded." if check.problems else "All is as it was recorded.", sep="\n")
    return 1 if check.problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
