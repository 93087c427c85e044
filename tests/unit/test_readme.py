"""What the README says of settings, outputs and doors is what there is."""

import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from training_events import errors

from stacks.settings import Settings
from tests.synth.test_stack import OUTPUTS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _keys(model: type[BaseModel], prefix: str = "") -> dict[str, Any]:
    keys: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            keys |= _keys(field.annotation, f"{name}.")
        elif name != "environment":
            keys[prefix + name] = field.default
    return keys


def _shown(default: Any) -> str:
    if default is PydanticUndefined:
        return "required"
    if default is None or default == ():
        return "none"
    text = str(list(default) if isinstance(default, tuple) else default) if not isinstance(default, str) else f'"{default}"'
    return f"`{text.lower() if isinstance(default, bool) else text}`".replace("'", '"')


def test_every_setting_is_in_the_table_with_its_default() -> None:
    rows = re.findall(r"^\| (`[a-z_.`, ]+`) \| (.+?) \| .+ \|$", README.split("## Settings")[1], re.MULTILINE)
    table = {key.strip("`"): default for keys, default in rows for key in keys.split(", ")}
    expected = {key: _shown(default) for key, default in _keys(Settings).items()}
    expected["remote_state.bucket"] = "`training-state-<account>-<region>`"
    assert table == expected


def test_every_output_is_named() -> None:
    assert not [name for name in OUTPUTS if f"`{name}`" not in README]


def test_every_reason_is_named() -> None:
    leaves = (leaf for leaf in vars(errors).values() if isinstance(leaf, type) and issubclass(leaf, errors.NotRecordable))
    reasons = {leaf.reason for leaf in leaves if leaf is not errors.NotRecordable}
    assert len(reasons) > 10
    assert not [reason for reason in reasons if f"`{reason}`" not in README]


def test_every_door_is_in_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z-]+)", README, re.MULTILINE)) <= targets
