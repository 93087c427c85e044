"""The file of a new environment lists every setting with its default, and is complete with an account and a region."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import PydanticUndefined

from deploy import new_environment
from deploy.new_environment import NewEnvironmentError, write
from stacks.settings.file import SettingsError, load
from tests.support.paths import ROOT
from tests.support.setting_keys import defaults

SETTING = re.compile(r"^(?:# )?([a-z_]+) = (.+?)    +# (.+)$")
SECTION = re.compile(r"^(?:# )?\[")
"""Of what a file may have several, as `[teams.<name>]`, the line that begins one is commented out too."""


def filled_in(file: Path) -> Path:
    text = file.read_text(encoding="utf-8")
    for key, value in {"account_id": "111122223333", "region": "eu-central-1"}.items():
        assert f'\n{key} = ""' in text
        text = text.replace(f'\n{key} = ""', f'\n{key} = "{value}"')
    file.write_text(text, encoding="utf-8")
    return file


def settings_of(text: str) -> dict[str, tuple[Any, str]]:
    """For each key: the value on its line, also on one that is commented out, and the meaning after it."""
    listed: dict[str, tuple[Any, str]] = {}
    section = ""
    for line in text.splitlines():
        if SECTION.match(line):
            section = line.strip("# []") + "."
        elif setting := SETTING.match(line):
            key, value, meaning = setting.groups()
            assert section + key not in listed
            listed[section + key] = (tomllib.loads(f"value = {value}")["value"], meaning)
    return listed


def test_every_setting_is_listed_with_its_default_and_a_meaning(tmp_path: Path) -> None:
    listed = settings_of(write("staging", tmp_path).read_text(encoding="utf-8"))
    assert sorted(listed) == sorted(defaults())
    for key, default in defaults().items():
        value, meaning = listed[key]
        if default is PydanticUndefined:
            assert value == "", key
        elif default is None or default == ():
            assert "by default" in meaning, (
                f"{key} has no default: its line must show an example, and what holds without a value"
            )
        else:
            assert value == (list(default) if isinstance(default, tuple) else default), key


def test_the_file_has_two_lines_of_text_and_then_only_settings(tmp_path: Path) -> None:
    _, _, *lines = write("staging", tmp_path).read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if line and not SECTION.match(line) and not SETTING.match(line)]


def test_a_file_with_account_and_region_loads_with_every_default(tmp_path: Path) -> None:
    write("staging", tmp_path)
    filled_in(tmp_path / "staging.toml")
    (tmp_path / "bare.toml").write_text('account_id = "111122223333"\nregion = "eu-central-1"\n', encoding="utf-8")
    assert load("staging", tmp_path).model_dump(exclude={"environment"}) == load("bare", tmp_path).model_dump(
        exclude={"environment"}
    )


@pytest.mark.parametrize(
    "left_out",
    [
        "existing_bus_name|forward_to_bus_arn",  # a bus with a policy of its own, which takes events of other accounts
        "from_account_ids|account_ids",  # a bus of the company's, from which events are forwarded
    ],
)
def test_every_line_is_a_valid_setting_without_its_comment_sign(tmp_path: Path, left_out: str) -> None:
    """But for settings that exclude each other, of which either is taken."""
    file = filled_in(write("staging", tmp_path))
    text = re.sub(rf"^# (?!({left_out}) = )(?=[a-z_]+ = |\[)", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    file.write_text(text.replace("[teams.<name>]", "[teams.vision]"), encoding="utf-8")
    settings = load("staging", tmp_path)
    assert settings.projector.reserved_concurrency
    assert settings.notebook.subnet_id
    assert settings.observability.alarm_email
    assert settings.team_sources == {"vision": "acme.vision"}


def test_the_settings_check_refuses_a_file_without_account_and_region(tmp_path: Path) -> None:
    write("staging", tmp_path)
    with pytest.raises(SettingsError) as raised:
        load("staging", tmp_path)
    account, region = str(raised.value).splitlines()
    assert account.endswith("/staging.toml: account_id = '': must be a 12-digit AWS account id, in quotes")
    assert "/staging.toml: region = '': a region with SageMaker is one of " in region


def test_a_file_that_exists_is_not_changed(tmp_path: Path) -> None:
    (tmp_path / "staging.toml").write_text("mine\n", encoding="utf-8")
    with pytest.raises(NewEnvironmentError, match=r"/staging\.toml exists already: nothing was written$"):
        write("staging", tmp_path)
    assert (tmp_path / "staging.toml").read_text(encoding="utf-8") == "mine\n"


@pytest.mark.parametrize(
    "name", ["", "a", "Staging", "1st", "staging-", "a-name-that-is-too-long", "../dev", "a b", "dev.toml"]
)
def test_a_name_that_resources_cannot_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(NewEnvironmentError, match=r"is not a name for an environment: must be 2 to 16 lower-case letters"):
        write(name, tmp_path / "environments")
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("dev", 2, "error: environments/dev.toml exists already"),
        ("Dev!", 2, "error: 'Dev!' is not a name"),
        ("--x", 2, "usage: "),
    ],
)
def test_the_command_reports_a_mistake_of_the_caller_in_one_line(name: str, code: int, message: str) -> None:
    command = [sys.executable, "-m", "deploy.new_environment", name]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith(message)


def test_the_command_prints_what_to_do_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(new_environment, "ENVIRONMENTS", tmp_path)
    monkeypatch.setattr("sys.argv", ["new_environment", "staging"])
    assert new_environment.main() == 0
    assert (tmp_path / "staging.toml").exists()
    first, second = capsys.readouterr().out.splitlines()
    assert "fill in account_id and region" in first
    assert second == "Then: make bootstrap ENV=staging, make diff ENV=staging, make deploy ENV=staging"


def test_a_folder_that_is_not_writable_is_an_error_of_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(new_environment, "ENVIRONMENTS", tmp_path / "nowhere")
    monkeypatch.setattr("sys.argv", ["new_environment", "staging"])
    assert new_environment.main() == 1
    assert capsys.readouterr().err == f"error: [Errno 2] No such file or directory: '{tmp_path}/nowhere/staging.toml'\n"
