"""What docs/reference says of settings, outputs, reasons, commands and event types is what there is."""

import re
from typing import Any

from pydantic_core import PydanticUndefined
from training_events import errors
from training_events.catalogue import CATALOGUE

from tests.support.paths import ROOT
from tests.support.setting_keys import defaults
from tests.synth.test_stack import OUTPUTS
from tools.schemas import DOCUMENTS

REFERENCE = ROOT / "docs" / "reference"


def page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


def _shown(default: Any) -> str:
    if default is PydanticUndefined:
        return "required"
    if default is None or default == ():
        return "none"
    text = str(list(default) if isinstance(default, tuple) else default) if not isinstance(default, str) else f'"{default}"'
    return f"`{text.lower() if isinstance(default, bool) else text}`".replace("'", '"')


def test_every_setting_is_in_the_table_with_its_default() -> None:
    rows = re.findall(r"^\| (`[a-z_.`, ]+`) \| (.+?) \| .+ \|$", page("settings.md"), re.MULTILINE)
    table = {key.strip("`"): default for keys, default in rows for key in keys.split(", ")}
    expected = {key: _shown(default) for key, default in defaults().items()}
    expected["remote_state.bucket"] = "`training-state-<account>-<region>`"
    assert table == expected


def test_every_output_is_named() -> None:
    assert not [name for name in OUTPUTS if f"`{name}`" not in page("outputs.md")]


def test_every_reason_is_named() -> None:
    leaves = (leaf for leaf in vars(errors).values() if isinstance(leaf, type) and issubclass(leaf, errors.NotRecordable))
    reasons = {leaf.reason for leaf in leaves if leaf is not errors.NotRecordable}
    assert len(reasons) > 10
    assert not [reason for reason in reasons if f"`{reason}`" not in page("event.md")]


def test_every_command_is_in_the_tables() -> None:
    named = re.findall(r"^\| `([a-z]+)[^`]*` \|", page("commands.md"), re.MULTILINE)
    documented = re.findall(r"^\| \[`([a-z]+)`\]\(\1\.json\) \|", page("cli/README.md"), re.MULTILINE)
    assert sorted(named) == sorted(documented) == sorted(DOCUMENTS)


def test_every_event_type_is_in_the_list() -> None:
    linked = re.findall(r"\[`(\w+)`\]\(\1\.json\)", page("events/README.md"))
    assert sorted(linked) == sorted(name for types in CATALOGUE.values() for name in types)
