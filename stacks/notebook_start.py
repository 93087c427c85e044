"""Fills in the start-up script of the notebook."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the script is made without cdktf, which takes seconds to start
    from stacks.client_files import ClientFiles

_SCRIPT = Path(__file__).with_name("notebook_start.sh")


def start_script(variables: Mapping[str, str], client: ClientFiles) -> str:
    """The script that SageMaker runs at every start. The values are names and addresses of AWS, which contain no quotes."""
    values = {
        "@VARIABLES@": "\n".join(f"export {name}='{value}'" for name, value in variables.items()),
        "@WHEEL@": client.wheel.uri,
        "@WHEEL_SHA256@": client.wheel.sha256,
        "@EXAMPLE@": client.example.uri,
        "@EXAMPLE_SHA256@": client.example.sha256,
    }
    script = _SCRIPT.read_text(encoding="utf-8")
    for placeholder, value in values.items():
        script = script.replace(placeholder, value)
    return script
