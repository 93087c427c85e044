"""A checker of trees that shares no code with this project: Go's readers of transparency logs (tests/support/check_tree)."""

import json
import os
import shutil
import subprocess
from base64 import b64encode
from pathlib import Path

import pytest
from training_events.proof.tree.reader import TreeReader

from tests.support.paths import ROOT
from tests.support.session import once

GO_SOURCES = Path("/usr/share/gocode")
"""Where Debian's packages put the sources of Go modules."""


def built_checker(session_folder: Path) -> Path:
    """The program, built once for the session."""
    if shutil.which("go") is None or not (GO_SOURCES / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.fail("Go reads the tree in this test: apt install golang-go golang-golang-x-mod-dev", pytrace=False)
    return once(session_folder, "check_tree", _build)


def _build(program: Path) -> None:
    done = subprocess.run(
        ["go", "build", "-o", program, "."],
        cwd=ROOT / "tests/support/check_tree",
        env={**os.environ, "GO111MODULE": "off", "GOPATH": str(GO_SOURCES), "GOCACHE": str(ROOT / ".build/go"), "GOFLAGS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


class TreeChecker:
    """Runs the program on a tree's files below a folder."""

    def __init__(self, program: Path, scratch: Path) -> None:
        self._program, self._scratch = program, scratch

    def check(self, folder: Path, public_key: bytes, proofs: Path | None = None) -> str:
        """What it says. Raises AssertionError with what it says if it finds something wrong."""
        key = self._scratch / "key.der"
        key.write_bytes(public_key)
        command = [self._program, folder, key, *([] if proofs is None else [proofs])]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def proofs(self, reader: TreeReader, leaves: list[tuple[int, int]], trees: list[tuple[int, int]]) -> Path:
        """A file of proofs that `reader` makes: of leaves by (number, size), of trees by (old size, new size)."""
        inclusion = [
            {"Index": index, "Size": size, "Proof": _base64(reader.inclusion_proof(index, size))} for index, size in leaves
        ]
        consistency = [{"Old": old, "New": new, "Proof": _base64(reader.consistency_proof(old, new))} for old, new in trees]
        file = self._scratch / "proofs.json"
        file.write_text(json.dumps({"Inclusion": inclusion, "Consistency": consistency}), encoding="utf-8")
        return file


def _base64(proof: list[bytes]) -> list[str]:
    return [b64encode(node).decode() for node in proof]
