"""What a settings file still has from its template is refused at a deploy, and only there."""

from pathlib import Path

import pytest

from deploy.new_environment import write
from deploy.placeholders import main, placeholders
from stacks.settings.file import load

OWN = {"account_id": "987654321098", "region": "eu-central-1"}


def found(folder: Path, name: str, text: str) -> list[str]:
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return list(placeholders(load(name, folder)))


def settings(more: str = "", **values: str) -> str:
    return "".join(f'{key} = "{value}"\n' for key, value in {**OWN, **values}.items()) + more


def test_settings_of_ones_own_have_none(tmp_path: Path) -> None:
    assert found(tmp_path, "staging", settings()) == []
    assert found(tmp_path, "prod", settings('[observability]\nalarm_email = "on-call@team.io"\n')) == []


@pytest.mark.parametrize("account", ["111122223333", "123456789012", "444455556666"])
def test_an_account_of_awss_documents_is_one(tmp_path: Path, account: str) -> None:
    [line] = found(tmp_path, "dev", settings(account_id=account))
    assert line.startswith(f"account_id = '{account}' is an example")


@pytest.mark.parametrize("name", ["prod", "production", "prod-eu"])
def test_production_must_say_who_gets_its_alarms(tmp_path: Path, name: str) -> None:
    [line] = found(tmp_path, name, settings())
    assert line.startswith("observability.alarm_email: is missing: ")


@pytest.mark.parametrize("email", ["on-call@example.com", "a@team.example.org", "a@b.example", "me@x.invalid", "you@some.TEST"])
@pytest.mark.parametrize("name", ["dev", "prod"])
def test_an_address_that_nobody_can_have_is_one(tmp_path: Path, name: str, email: str) -> None:
    [line] = found(tmp_path, name, settings(f'[observability]\nalarm_email = "{email}"\n'))
    assert line.startswith(f"observability.alarm_email = '{email}' is an example")


@pytest.mark.parametrize("email", ["a@example.io", "a@test.team.io", "a@myexample.com", "test@latest"])
def test_an_address_that_only_looks_like_one_is_none(tmp_path: Path, email: str) -> None:
    assert found(tmp_path, "dev", settings(f'[observability]\nalarm_email = "{email}.eu"\n')) == []


def test_the_example_of_any_other_setting_is_one(tmp_path: Path) -> None:
    text = settings('[network]\nsubnet_ids = ["subnet-0123456789abcdef0"]\nsecurity_group_ids = ["sg-1234567a"]\n')
    [line] = found(tmp_path, "dev", text)
    assert line.startswith("network.subnet_ids = ['subnet-0123456789abcdef0'] is the example")


def test_the_example_of_a_teams_setting_is_one(tmp_path: Path) -> None:
    text = settings('[teams.speech]\nsource = "acme.speech"\n[teams.sight]\nsource = "acme.vision"\n')
    [line] = found(tmp_path, "dev", text)
    assert line.startswith("teams.sight.source = 'acme.vision' is the example")


def test_a_number_that_is_also_the_example_is_meant(tmp_path: Path) -> None:
    assert found(tmp_path, "dev", settings("[projector]\nreserved_concurrency = 5\n")) == []


def test_an_account_on_this_machine_need_not_exist(tmp_path: Path) -> None:
    assert found(tmp_path, "prod", settings("emulated = true\n", account_id="123456789012")) == []


def test_a_new_environment_of_production_comes_with_a_placeholder_that_a_synth_takes(tmp_path: Path) -> None:
    file = write("prod-eu", tmp_path)
    text = file.read_text(encoding="utf-8")
    for key, value in OWN.items():
        text = text.replace(f'\n{key} = ""', f'\n{key} = "{value}"')
    [line] = found(tmp_path, "prod-eu", text)
    assert line.startswith("observability.alarm_email = 'on-call@example.com' is an example")


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_the_files_of_this_project_are_refused_until_they_are_filled_in(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith(f"error: environments/{name}.toml: account_id = ")
    emails = [line for line in lines if "observability.alarm_email = 'on-call@example.com' is an example" in line]
    assert len(emails) == (1 if name == "prod" else 0)


def test_the_local_environment_has_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["local"]) == 0
    assert capsys.readouterr().err == ""
