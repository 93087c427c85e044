"""A command finds Terraform, and Terraform finds its providers on this machine."""

from pathlib import Path

import pytest

from local import terraform
from local.errors import LocalUsageError
from local.terraform import PROVIDER, environment, find_mirror, main, require_terraform


@pytest.fixture(autouse=True)
def nothing_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("TF_CLI_CONFIG_FILE", "TF_PLUGIN_CACHE_DIR", "TERRAFORM_BINARY_NAME"):
        monkeypatch.delenv(name, raising=False)


def make_mirror(folder: Path, version: str = "5.100.0") -> Path:
    (folder / PROVIDER / version / "linux_amd64").mkdir(parents=True)
    return folder


def fake_terraform(folder: Path, version: str) -> dict[str, str]:
    folder.mkdir()
    binary = folder / "terraform"
    binary.write_text(f"#!/bin/sh\necho '{version}'\n")
    binary.chmod(0o755)
    return {"PATH": str(folder)}


def test_a_mirror_is_found_and_named_in_a_new_configuration(tmp_path: Path) -> None:
    mirror = make_mirror(tmp_path / "prefix" / "some where" / "plugins")

    variables = environment(tmp_path / "build", [tmp_path / "nowhere", tmp_path / "prefix"])

    configuration = Path(variables["TF_CLI_CONFIG_FILE"])
    assert configuration == tmp_path / "build" / "terraform.rc"
    assert f'path    = "{mirror}"' in configuration.read_text()
    assert variables["TF_CLI_ARGS_providers_lock"] == f"'-fs-mirror={mirror}'"
    assert "TF_PLUGIN_CACHE_DIR" not in variables


def test_without_a_mirror_terraform_downloads_to_a_cache_of_the_project(tmp_path: Path) -> None:
    variables = environment(tmp_path / "build", [tmp_path])

    assert "TF_CLI_CONFIG_FILE" not in variables
    assert Path(variables["TF_PLUGIN_CACHE_DIR"]).is_dir()


def test_the_users_own_cache_stays_in_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_PLUGIN_CACHE_DIR", "/theirs")

    assert "TF_PLUGIN_CACHE_DIR" not in environment(tmp_path / "build", [tmp_path])


@pytest.mark.parametrize("by_variable", [True, False])
def test_the_users_own_configuration_stays_in_force(
    *, by_variable: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_mirror(tmp_path / "prefix")
    configuration = tmp_path / "home" / ".terraformrc"
    if by_variable:
        configuration = tmp_path / "theirs.rc"
        monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(configuration))
    configuration.write_text('provider_installation {\n  filesystem_mirror {\n    path = "/their/mirror"\n  }\n}\n')

    variables = environment(tmp_path / "build", [tmp_path / "prefix"])

    assert "TF_CLI_CONFIG_FILE" not in variables
    assert variables["TF_CLI_ARGS_providers_lock"] == "-fs-mirror=/their/mirror"


def test_a_named_configuration_that_does_not_exist_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(tmp_path / "gone.rc"))

    variables = environment(tmp_path / "build", [tmp_path / "prefix"])

    assert Path(variables["TF_CLI_CONFIG_FILE"]).read_text() == ""


@pytest.mark.parametrize(
    "where", ["a/b/c/d/e/f", "project/.terraform/providers", ".terraform.d/plugin-cache"], ids=["too deep", "project", "cache"]
)
def test_a_folder_that_only_looks_like_a_mirror_is_ignored(where: str, tmp_path: Path) -> None:
    make_mirror(tmp_path / where)

    assert find_mirror([tmp_path]) is None


def test_an_old_provider_is_ignored_and_a_packed_one_counts(tmp_path: Path) -> None:
    make_mirror(tmp_path / "a", "4.67.0")
    assert find_mirror([tmp_path]) is None

    (tmp_path / "b" / PROVIDER).mkdir(parents=True)
    (tmp_path / "b" / PROVIDER / "terraform-provider-aws_6.25.0_linux_amd64.zip").touch()
    assert find_mirror([tmp_path]) == tmp_path / "b"


def test_the_search_for_a_mirror_stops_after_a_number_of_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_mirror(tmp_path / "a" / "b" / "c")
    assert find_mirror([tmp_path]) == tmp_path / "a" / "b" / "c"

    monkeypatch.setattr(terraform, "MAX_FOLDERS", 2)
    assert find_mirror([tmp_path]) is None


@pytest.mark.parametrize(
    ("version", "message"),
    [("Terraform v1.9.8", "Terraform v1.9.8, and 1.10 or newer"), ("?", "does not print its version")],
)
def test_an_unsuitable_terraform_is_an_error_of_one_line(version: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(LocalUsageError, match=message):
        require_terraform(fake_terraform(tmp_path / "bin", version))


def test_a_suitable_terraform_is_accepted(tmp_path: Path) -> None:
    require_terraform(fake_terraform(tmp_path / "bin", "Terraform v1.10.0\non linux_amd64"))


def test_a_missing_terraform_is_one_line_and_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(terraform, "PREFIXES", ())
    monkeypatch.chdir(tmp_path)

    assert main(["true"]) == 2

    assert capsys.readouterr().err.startswith("error: terraform is not on the PATH: install it")
