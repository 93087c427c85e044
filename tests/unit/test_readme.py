"""What the README says of settings, outputs and doors is what there is."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from pydantic_core import PydanticUndefined
from training_events import errors
from training_events.catalogue import CATALOGUE
from training_events.cli.schemas import DOCUMENTS

from tests.conftest import without_aws
from tests.setting_keys import defaults
from tests.synth.test_stack import OUTPUTS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


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
    expected = {key: _shown(default) for key, default in defaults().items()}
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


LAPTOP = README.split("## Use it")[1].split("\n## ")[0]


def test_the_laptop_commands_run_as_they_stand(tmp_path: Path) -> None:
    [script] = re.findall(r"```sh\n(.+?)```", LAPTOP, re.DOTALL)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    shell = ["bash", "-e", "-x", "-o", "pipefail", "-c", script]
    done = subprocess.run(shell, cwd=tmp_path, env=without_aws(PATH=path), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert all(line.startswith("+ ") for line in done.stderr.splitlines()), done.stderr
    assert [file.name for file in tmp_path.glob("*.db")] == ["training-events.db"]
    recorded, now, then, *rest = re.split(r"^(?:stream +run/digits-7$)", done.stdout, flags=re.MULTILINE)
    assert rest == []
    assert recorded.count(" recorded (") == 5
    assert re.search(r"^run/digits-7 +completed +digits .+ 3 h 0 min +loss 0\.28$", recorded, re.MULTILINE)
    assert re.search(r"^status +completed$", now, re.MULTILINE)
    assert "0.28 @ 8" in now
    assert re.search(r"^status +running$", then, re.MULTILINE)
    assert "0.28" not in then.partition("occurred at")[0]
    assert re.findall(r"^(\S+) +sound ", then, re.MULTILINE) == ["model/digits", "run/digits-7"]
    assert json.loads(done.stdout.splitlines()[-1])["stages"] == {"production": "1"}


def test_every_command_is_in_the_tables() -> None:
    named = re.findall(r"^\| `([a-z]+)[^`]*` \|", LAPTOP, re.MULTILINE)
    documented = re.findall(
        r"^\| \[`([a-z]+)`\]\(\1\.json\) \|", (ROOT / "docs/reference/cli/README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sorted(named) == sorted(documented) == sorted(DOCUMENTS)


def test_every_event_type_is_in_the_list() -> None:
    linked = re.findall(r"\[`(\w+)`\]\(\1\.json\)", (ROOT / "docs/reference/events/README.md").read_text(encoding="utf-8"))
    assert sorted(linked) == sorted(name for types in CATALOGUE.values() for name in types)
