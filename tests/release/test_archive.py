"""An archive has the same bytes whenever it is written, and any tar reads it."""

import gzip
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release import archive

NAMES = st.text("abcdefgh", min_size=1, max_size=8)


@given(st.dictionaries(NAMES, st.binary(max_size=300), max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_the_files_does_not_matter(files: dict[str, bytes], random: object) -> None:
    shuffled = list(files.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert archive.tar("top", dict(shuffled)) == archive.tar("top", files)


@given(st.integers(0, 3), st.integers(-2, 2), st.binary(min_size=1, max_size=4))
def test_unpacking_returns_the_content(blocks: int, more: int, pattern: bytes) -> None:
    content = (pattern * (blocks * archive.BLOCK + 2))[: max(0, blocks * archive.BLOCK + more)]
    assert gzip.decompress(archive.gzip(content)) == content


def test_the_header_has_no_time_and_no_name() -> None:
    assert archive.gzip(b"")[:10] == bytes.fromhex("1f8b 08 00 00000000 00 ff")


def test_every_file_belongs_to_root_and_has_a_fixed_time(tmp_path: Path) -> None:
    file = tmp_path / "dist" / "x.tar.gz"
    archive.write(file, "top", {"b/c.zip": b"\0" * 70_000, "a": b"1"})

    with tarfile.open(file) as opened:
        members = opened.getmembers()
    assert [member.name for member in members] == ["top/a", "top/b/c.zip"]
    assert {(m.uid, m.gid, m.uname, m.gname, m.mtime, m.mode, m.type) for m in members} == {
        (0, 0, "", "", archive.TIME, 0o644, tarfile.REGTYPE)
    }
    subprocess.run(["tar", "-xzf", str(file), "-C", str(tmp_path)], check=True)
    assert (tmp_path / "top" / "b" / "c.zip").read_bytes() == b"\0" * 70_000
    assert [path.name for path in file.parent.iterdir()] == ["x.tar.gz"]


def test_a_failed_write_leaves_no_file_behind(tmp_path: Path) -> None:
    (tmp_path / "x.tar.gz").mkdir()
    with pytest.raises(OSError, match=r"x\.tar\.gz"):
        archive.write(tmp_path / "x.tar.gz", "top", {"a": b"1"})
    assert [path.name for path in tmp_path.iterdir()] == ["x.tar.gz"]
