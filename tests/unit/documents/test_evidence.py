"""What the guide on evidence gives to type by hand shows, without any code of ours, that a file of evidence is genuine."""

import json
import re
import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from training_events.evidence.facts import NOT_PROVED

from tests.support.evidence import evident_log, files_of, packed
from tests.support.paths import ROOT

GUIDE = (ROOT / "docs" / "guides" / "evidence.md").read_text(encoding="utf-8")
BY_HAND = "".join(re.findall(r"```sh\n(.+?)```", GUIDE.split("## Check it without our code")[1], re.DOTALL))


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bytes]:
    with evident_log("sqlite", tmp_path_factory.mktemp("log")) as evident:
        yield evident.evidence(files=True)[0]


def typed(evidence: bytes, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "digits-3.zip").write_bytes(evidence)
    return subprocess.run(["bash", "-e", "-c", BY_HAND], cwd=folder, capture_output=True, text=True, check=False)


def test_the_commands_of_the_guide_show_that_a_file_is_genuine(evidence: bytes, tmp_path: Path) -> None:
    done = typed(evidence, tmp_path)
    assert done.returncode == 0, done.stderr
    files = files_of(evidence)
    manifest = json.loads(files["evidence.json"])
    key, checkpoint, event, leaf, by_proof, root, *rest = done.stdout.splitlines()
    assert key.split()[0] == manifest["checkpoint"]["key"]
    assert checkpoint == "Verified OK"
    assert f"sha256:{event.split()[0]}" == leaf
    assert by_proof == root == manifest["checkpoint"]["root"]
    assert [line for line in rest if line.endswith(": OK")] == [f"{name}: OK" for name in files if name.startswith("files/")]
    assert rest[-3:-1] == ["Verified OK", "digits@3"]
    assert rest[-1] == sha256(b"weights").hexdigest()


def test_the_commands_of_the_guide_show_what_was_altered(evidence: bytes, tmp_path: Path) -> None:
    files = files_of(evidence)
    altered = files | {"checkpoint": files["checkpoint"].replace(b"event-log", b"Event-log")}
    done = typed(packed(altered), tmp_path)
    assert done.returncode != 0
    assert "Verified OK" not in done.stdout


def test_the_guide_says_what_the_file_says_is_not_proved() -> None:
    assert re.findall(r"^- (That .+|When .+|What .+)$", GUIDE, re.MULTILINE) == NOT_PROVED
