"""Two checkouts synthesize the same bytes in any folder, without AWS and without a network: no diff without a cause."""

import filecmp
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.session import synthesize

pytestmark = pytest.mark.slow


def _checkout(folder: Path) -> Path:
    """A folder with the files that git has or would add, and with what set-up has downloaded: wheels, and uPlot."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name, follow_symlinks=False)  # `review/redaction` is a link
    for downloaded in (".build/package/wheels", "lambda/training_events/pages/static/uplot"):
        shutil.copytree(ROOT / downloaded, folder / downloaded)
    return folder


def _files(folder: Path) -> list[Path]:
    return sorted(file.relative_to(folder) for file in folder.rglob("*") if file.is_file())


def test_two_checkouts_synthesize_the_same_bytes(cdktf_out: Path, tmp_path: Path) -> None:
    """This one, and a copy of it that begins with nothing built."""
    other_out = tmp_path / "cdktf.out"
    synthesize(_checkout(tmp_path / "another clone"), other_out)
    for environment in ("dev", "prod"):
        first, second = (out / "stacks" / f"training-{environment}" for out in (cdktf_out, other_out))
        names = _files(first)
        assert Path("cdk.tf.json") in names
        assert any(name.suffix == ".zip" for name in names)
        assert _files(second) == names
        same, different, unreadable = filecmp.cmpfiles(first, second, [str(name) for name in names], shallow=False)
        assert (different, unreadable) == ([], [])
        assert len(same) == len(names)


def test_the_output_contains_no_path_of_this_machine(cdktf_out: Path) -> None:
    for file in cdktf_out.rglob("cdk.tf.json"):
        text = file.read_text(encoding="utf-8")
        assert str(ROOT) not in text
        assert str(cdktf_out) not in text
