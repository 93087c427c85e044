"""What docs/reference says of settings, outputs, reasons, commands and event types is what there is."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import PydanticUndefined
from training_events import errors
from training_events.catalogue import CATALOGUE

from tests.support.paths import ROOT
from tests.support.setting_keys import defaults
from tests.synth.test_stack import OUTPUTS
from tools import reference_pages
from tools.schemas import DOCUMENTS

REFERENCE = ROOT / "docs" / "reference"


def page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


def _shown(default: Any) -> str:
    if default is PydanticUndefined:
        return "required"
    text = str(list(default) if isinstance(default, tuple) else default) if not isinstance(default, str) else f'"{default}"'
    return f"`{text.lower() if isinstance(default, bool) else text}`".replace("'", '"')


@pytest.mark.parametrize("name", ["settings.md", "commands.md"])
def test_the_pages_made_from_the_code_are_in_step_with_it(name: str) -> None:
    assert page(name) == reference_pages.pages()[name], "run `make schemas`"


def test_the_program_writes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["reference_pages", str(tmp_path)])
    assert reference_pages.main() == 0
    assert {file.name: file.read_text(encoding="utf-8") for file in tmp_path.iterdir()} == reference_pages.pages()
    monkeypatch.setattr("sys.argv", ["reference_pages"])
    with pytest.raises(SystemExit) as ended:
        reference_pages.main()
    assert ended.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_every_setting_is_in_the_table_with_its_default_and_a_meaning() -> None:
    rows = re.findall(r"^\| `([a-z_.<>]+)` \| (.+?) \| .*? \| \S.+ \|$", page("settings.md"), re.MULTILINE)
    without = {key: default for key, default in defaults().items() if default is None or default == ()}
    expected = {key: _shown(default) for key, default in defaults().items() if key not in without}
    table = dict(rows)
    assert table == expected | {key: table[key] for key in without}
    assert table["remote_state.bucket"].startswith("`<name_prefix>-state-<account>-<region>`")
    assert {table[key] for key in without if key.endswith(("_ids", "_id"))} == {"none"}


def test_every_output_is_named() -> None:
    assert not [name for name in OUTPUTS if f"`{name}`" not in page("outputs.md")]


def test_every_reason_is_named() -> None:
    leaves = (leaf for leaf in vars(errors).values() if isinstance(leaf, type) and issubclass(leaf, errors.NotRecordable))
    reasons = {leaf.reason for leaf in leaves if leaf is not errors.NotRecordable}
    assert len(reasons) > 10
    assert not [reason for reason in reasons if f"`{reason}`" not in page("event.md")]


def test_every_command_is_in_the_tables() -> None:
    named = re.findall(r"^\| \[`([a-z]+)`\]\(#\1\) \|", page("commands.md"), re.MULTILINE)
    documented = re.findall(r"^\| \[`([a-z]+)`\]\(\1\.json\) \|", page("cli/README.md"), re.MULTILINE)
    assert sorted(named) == sorted(documented) == sorted(DOCUMENTS)


def test_every_event_type_is_in_the_list() -> None:
    linked = re.findall(r"\[`(\w+)`\]\(\1\.json\)", page("events/README.md"))
    assert sorted(linked) == sorted({name for types in CATALOGUE.values() for name in types})
