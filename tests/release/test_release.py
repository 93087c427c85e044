"""`python -m release`: the archive, its README and its lock; the same bytes from the same commit; errors of one line."""

import hashlib
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from release import origin
from release.__main__ import main
from release.synthesized import JSON
from tests.release.conftest import LOCK, PACKAGE, content, synthesize, terraform


def released(out: Path, dist: Path) -> dict[str, bytes]:
    """Release the environment dev, and return the files in its archive."""
    assert main(["dev"], out, dist) == 0
    (archive,) = dist.glob("*.tar.gz")
    folder = archive.name.removesuffix(".tar.gz")
    with tarfile.open(archive) as opened:
        return {
            member.name.removeprefix(f"{folder}/"): (opened.extractfile(member) or pytest.fail(member.name)).read()
            for member in opened
        }


def test_the_archive_is_complete_and_its_sums_are_right(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    synthesize(tmp_path / "out", content())
    files = released(tmp_path / "out", tmp_path / "dist")

    assert sorted(files) == [".terraform.lock.hcl", "README.md", "SHA256SUMS", PACKAGE, JSON]
    assert files[".terraform.lock.hcl"].decode() == LOCK
    sums = [f"{hashlib.sha256(files[name]).hexdigest()}  {name}" for name in sorted(files) if name != "SHA256SUMS"]
    assert files["SHA256SUMS"].decode().splitlines() == sums
    path = tmp_path / "dist" / f"terraform-dev-{origin.version()}.tar.gz"
    assert capsys.readouterr().out == f"{path}: 0.0 MB\n"
    subprocess.run(["sha256sum", "--check", "--status", f"{path.name}.sha256"], cwd=path.parent, check=True)


def test_folder_time_and_modes_do_not_change_the_archive(tmp_path: Path) -> None:
    digests = []
    for name, day in (("first", 2_000_000_000), ("an other", 3_000_000_000)):
        out = tmp_path / name / "cdktf.out"
        stack = synthesize(out, content())
        for file in stack.rglob("*"):
            os.utime(file, (day, day))
        (stack / PACKAGE).chmod(0o600)
        released(out, tmp_path / name / "dist")
        (archive,) = (tmp_path / name / "dist").glob("*.tar.gz")
        digests.append(hashlib.sha256(archive.read_bytes()).hexdigest())
    assert digests[0] == digests[1]


def test_the_readme_names_what_to_set_and_where_it_comes_from(tmp_path: Path) -> None:
    synthesize(tmp_path / "out", content())
    text = released(tmp_path / "out", tmp_path / "dist")["README.md"].decode()

    assert text.startswith(f"# training-dev, version {origin.version()}\n")
    facts = [origin.commit(), "`111122223333`", "`states`", "`eu-west-1`", "`us-east-1`", "`training-dev/terraform.tfstate`"]
    facts += [">= 1.10.0", ">= 5.100.0, < 7.0.0", "`data_bucket_name`, `event_bus_name`", "environments/dev.toml", "SHA256SUMS"]
    facts += ["the hash for `linux_amd64` only", "terraform destroy", "training-dev-event-log"]
    assert [fact for fact in facts if fact not in text] == []
    commands = ["init", "plan", "apply", "output -json", "force-unlock -force ID", "import ADDRESS ID", "state push"]
    assert [name for name in commands if f"terraform {name}" not in text] == []
    assert [option for option in ("bucket", "key", "region") if f'-backend-config="{option}=' not in text] == []
    assert re.findall(r"@[a-z_]+@", text) == []


def test_a_lock_with_the_registrys_hashes_is_for_every_platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signed = LOCK.replace('"h1:AAA=",', '"h1:AAA=",\n    "zh:00",')
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", str(terraform(tmp_path / "bin", signed)))
    synthesize(tmp_path / "out", content())
    text = released(tmp_path / "out", tmp_path / "dist")["README.md"].decode()
    assert "fixes the provider's version, 5.100.0, with the registry's hashes for every platform" in text


def test_without_a_provider_the_lock_is_left_out_with_a_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", str(terraform(tmp_path / "bin", None)))
    synthesize(tmp_path / "out", content())
    files = released(tmp_path / "out", tmp_path / "dist")
    assert ".terraform.lock.hcl" not in files
    assert "Terraform found no provider for the release" in files["README.md"].decode()
    error = "dev: without a lock file, because Terraform finds no provider: Error: Could not retrieve providers for locking\n"
    assert capsys.readouterr().err == error


def test_without_a_name_every_existing_environment_is_released(tmp_path: Path) -> None:
    for name in ("dev", "local", "prod", "gone"):
        synthesize(tmp_path / "out", content(), f"training-{name}")
    assert main([], tmp_path / "out", tmp_path / "dist") == 0
    version = origin.version()
    assert sorted(path.name for path in (tmp_path / "dist").glob("*.gz")) == [
        f"terraform-{name}-{version}.tar.gz" for name in ("dev", "local", "prod")
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["staging"], 2, "environments/staging.toml: there is no such environment; there are: dev, local, prod"),
        (["dev"], 1, "out/stacks/training-dev/cdk.tf.json: does not exist: run `make synth` first"),
    ],
)
def test_what_cannot_be_released_is_an_error_of_one_line(
    arguments: list[str], code: int, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments, tmp_path / "out", tmp_path / "dist") == code
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("\n")) == ("", 1)
    assert printed.err.startswith("error: ")
    assert printed.err.endswith(f"{message}\n")
    assert not (tmp_path / "dist").exists()


def test_settings_that_changed_after_the_synth_are_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise a part of the README would be about other settings than the JSON."""
    stack = synthesize(tmp_path / "out", content())
    os.utime(stack / JSON, (0, 0))
    assert main(["dev"], tmp_path / "out", tmp_path / "dist") == 1
    assert capsys.readouterr().err == (
        f"error: {stack / JSON}: environments/dev.toml was changed since: run `make synth` again\n"
    )
    assert not (tmp_path / "dist").exists()


def test_invalid_json_is_an_error_of_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (synthesize(tmp_path / "out", content()) / JSON).write_text("{")
    assert main(["dev"], tmp_path / "out", tmp_path / "dist") == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_a_failed_release_does_not_change_the_earlier_archive(tmp_path: Path) -> None:
    stack = synthesize(tmp_path / "out", content())
    released(tmp_path / "out", tmp_path / "dist")
    (archive,) = (tmp_path / "dist").glob("*.tar.gz")
    before = archive.read_bytes()
    shutil.rmtree(stack / "assets")
    assert main(["dev"], tmp_path / "out", tmp_path / "dist") == 1
    assert archive.read_bytes() == before
