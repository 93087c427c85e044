"""Two files with the same content are equal, whenever they were written; other files only byte by byte."""

import gzip
import io
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from training_events.reproduction import content
from training_events.reproduction.content import contents_of

Members = dict[str, bytes]
MEMBERS: Members = {"model/weights": b"\x00\x01" * 500, "model/version": b"3\n"}


def zipped(members: Members, year: int, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0))
            archive.writestr(info, content, compression)
    return file.getvalue()


def tarred(members: Members, year: int) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime, info.uid, info.uname = len(content), year * 31_556_952, year, f"user-{year}"
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def gzipped(content: bytes, year: int) -> bytes:
    file = io.BytesIO()
    with gzip.GzipFile(f"model-{year}", "wb", fileobj=file, mtime=year) as writer:
        writer.write(content)
    return file.getvalue()


def first_of(members: Members) -> bytes:
    return next(iter(members.values()))


FORMATS: dict[str, Callable[[Members, int], bytes]] = {
    "zip": zipped,
    "zip without compression": lambda members, year: zipped(members, year, zipfile.ZIP_STORED),
    "tar": tarred,
    "gzip": lambda members, year: gzipped(first_of(members), year),
    "tar.gz": lambda members, year: gzipped(tarred(members, year), year),
    "zip in a tar.gz": lambda members, year: gzipped(tarred({"model.pt": zipped(members, year)}, year), year),
    "tar.gz in a zip": lambda members, year: zipped({"a": gzipped(tarred(members, year), year)}, year),
    "gzip in a tar": lambda members, year: tarred({"a.gz": gzipped(first_of(members), year)}, year),
}


def content_of(folder: Path, given: bytes) -> dict[str, str]:
    file = folder / "file"
    file.write_bytes(given)
    return contents_of(file)


@pytest.mark.parametrize("make", FORMATS.values(), ids=FORMATS)
def test_the_times_in_an_archive_are_not_its_content_and_each_byte_of_a_member_is(
    tmp_path: Path, make: Callable[[Members, int], bytes]
):
    older, newer = make(MEMBERS, 1999), make(MEMBERS, 2020)
    assert older != newer
    assert content_of(tmp_path, older) == content_of(tmp_path, newer)
    changed = MEMBERS | {"model/weights": b"\x00\x02" * 500}
    assert content_of(tmp_path, older) != content_of(tmp_path, make(changed, 1999))


@pytest.mark.parametrize("make", [zipped, tarred], ids=["zip", "tar"])
def test_the_names_of_members_count_but_not_their_order(tmp_path: Path, make: Callable[[Members, int], bytes]):
    base = content_of(tmp_path, make(MEMBERS, 2020))
    assert base == content_of(tmp_path, make(dict(reversed(MEMBERS.items())), 2020))
    assert base != content_of(tmp_path, make({name.upper(): content for name, content in MEMBERS.items()}, 2020))
    assert base != content_of(tmp_path, make(MEMBERS | {"more": b""}, 2020))
    assert base != content_of(tmp_path, make(dict([next(iter(MEMBERS.items()))]), 2020))


def test_a_link_in_a_tar_counts_with_where_it_leads(tmp_path: Path):
    def linked(target: str, year: int) -> bytes:
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode="w") as archive:
            link = tarfile.TarInfo("latest")
            link.type, link.linkname, link.mtime = tarfile.SYMTYPE, target, year
            archive.addfile(link)
        return file.getvalue()

    assert content_of(tmp_path, linked("a", 1)) == content_of(tmp_path, linked("a", 2))
    assert content_of(tmp_path, linked("a", 1)) != content_of(tmp_path, linked("b", 1))


def test_archives_of_another_kind_are_another_content(tmp_path: Path):
    found = [content_of(tmp_path, make(MEMBERS, 2020))[""] for make in (zipped, tarred, FORMATS["tar.gz"])]
    assert len(set(found)) == 3


def test_of_any_other_file_each_byte_counts(tmp_path: Path):
    for given in (b"", b"PK\x03\x04 but no zip", b"\x1f\x8b\x08 but no gzip", zipped(MEMBERS, 2020)[:-30], b"x" * 1000):
        base = content_of(tmp_path, given)
        assert base == content_of(tmp_path, given)
        assert base != content_of(tmp_path, given + b"\n")


def test_an_archive_that_is_two_levels_down_counts_byte_by_byte(tmp_path: Path):
    def nested(year: int) -> bytes:
        return zipped({"a": zipped({"b": zipped(MEMBERS, year)}, 2020)}, 2020)

    assert content_of(tmp_path, nested(1999)) != content_of(tmp_path, nested(2020))


def test_a_member_that_only_begins_like_an_archive_counts_byte_by_byte(tmp_path: Path):
    members = {"weights": b"\x1f\x8b\x08" + b"\x07" * 100, "more": b"PK\x03\x04" + b"\x07" * 100}
    assert content_of(tmp_path, zipped(members, 1999)) == content_of(tmp_path, zipped(members, 2020))
    others = members | {"more": members["more"] + b"\n"}
    assert content_of(tmp_path, zipped(members, 1999)) != content_of(tmp_path, zipped(others, 1999))


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_that_python_unpacks_without_a_limit_counts_byte_by_byte(tmp_path: Path, compression: int):
    older, newer = zipped(MEMBERS, 1999, compression), zipped(MEMBERS, 2020, compression)
    assert content_of(tmp_path, older) != content_of(tmp_path, newer)


def test_a_zip_with_two_members_of_one_name_counts_byte_by_byte(tmp_path: Path):
    def doubled(year: int) -> bytes:
        return zipped({"a": b"1", "b": b"2"}, year).replace(b"b", b"a")

    assert content_of(tmp_path, doubled(1999)) != content_of(tmp_path, doubled(2020))


@pytest.mark.parametrize("make", [zipped, FORMATS["gzip"], FORMATS["tar.gz"], FORMATS["zip in a tar.gz"]])
def test_what_unpacks_to_far_more_than_it_holds_counts_byte_by_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Members, int], bytes]
):
    members = {"model": bytes(10**7)}
    assert content_of(tmp_path, make(members, 1999)) == content_of(tmp_path, make(members, 2020))
    monkeypatch.setattr(content, "MIN_UNPACKED_BYTES", 10**6)
    monkeypatch.setattr(content, "MAX_EXPANSION", 1)
    assert content_of(tmp_path, make(members, 1999)) != content_of(tmp_path, make(members, 2020))


@pytest.mark.parametrize("make", [tarred, FORMATS["tar.gz"]], ids=["tar", "tar.gz"])
def test_a_damaged_tar_counts_byte_by_byte(tmp_path: Path, make: Callable[[Members, int], bytes]):
    def damaged(last: bytes, year: int) -> bytes:
        whole = tarred({"a": b"1", "b": last}, year)
        header = whole.rindex(b"ustar") - 257
        altered = whole[: header + 148] + b"x" + whole[header + 149 :]  # of the second header's checksum
        return altered if make is tarred else gzipped(altered, year)

    assert content_of(tmp_path, damaged(b"2", 1999)) != content_of(tmp_path, damaged(b"3", 1999))


def test_what_stands_before_a_zip_or_behind_a_tar_counts(tmp_path: Path):
    zips = [zipped({"a": number}, 2020) + zipped(MEMBERS, 2020) for number in (b"1", b"2")]
    assert content_of(tmp_path, zips[0]) != content_of(tmp_path, zips[1])
    tars = [tarred(MEMBERS, 2020) + number for number in (b"1", b"2")]
    assert content_of(tmp_path, tars[0]) != content_of(tmp_path, tars[1])


def test_a_header_that_claims_any_length_is_not_read_as_a_whole(tmp_path: Path):
    def with_long_name(year: int) -> bytes:
        info = tarfile.TarInfo("././@LongLink")
        info.type, info.size, info.mtime = tarfile.GNUTYPE_LONGNAME, 2**26, year
        return gzipped(info.tobuf() + bytes(2**26) + tarred(MEMBERS, 2020), year)

    assert content_of(tmp_path, with_long_name(1999)) != content_of(tmp_path, with_long_name(2020))


def test_a_folder_has_the_contents_of_its_files_by_name(tmp_path: Path):
    for name, year in (("one", 1999), ("other", 2020)):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "sub" / "model.npz").write_bytes(zipped(MEMBERS, year))
        (tmp_path / name / "config.json").write_text("{}")
    assert contents_of(tmp_path / "one") == contents_of(tmp_path / "other")
    assert contents_of(tmp_path / "one").keys() == {"sub/model.npz", "config.json"}
    (tmp_path / "other" / "config.json").write_text("{} ")
    assert contents_of(tmp_path / "one") != contents_of(tmp_path / "other")


def test_what_numpy_saves_has_the_same_content_whenever_it_is_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    numpy = pytest.importorskip("numpy")
    found = []
    for year in (1999, 2020):
        moment = time.struct_time((year, 1, 1, 0, 0, 0, 0, 1, 0))
        monkeypatch.setattr(time, "localtime", lambda *_, moment=moment: moment)
        numpy.savez(tmp_path / f"{year}.npz", weights=numpy.arange(100), bias=numpy.zeros(3))
        found.append(contents_of(tmp_path / f"{year}.npz"))
    assert found[0] == found[1]
