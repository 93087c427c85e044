"""Reads licences.toml: which licences are allowed, for what and why."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from security import lists
from security.audit import spdx

FILE = Path(__file__).with_name("licences.toml")


def _canonical(text: str) -> str:
    if spdx.expression(text) != text:
        raise ValueError("is no expression of https://spdx.org/licenses in SPDX's own spelling")
    return text


_Text = Annotated[str, Field(min_length=1)]
_Expression = Annotated[str, AfterValidator(_canonical)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Allowed(_Entry):
    """`licences` for every package; or for `packages` alone, and then never in what is shipped."""

    licences: list[_Expression] = Field(min_length=1)
    packages: list[_Text] = []
    reason: str = Field(min_length=20)


class Unclear(_Entry):
    """Packages whose metadata say `says`, which is no SPDX expression: what their licence file says instead."""

    says: str
    licence: _Expression
    packages: list[_Text] = Field(min_length=1)
    reason: str = Field(min_length=20)


class Rules(_Entry):
    allowed: list[Allowed] = Field(min_length=1)
    unclear: list[Unclear] = []


def read_rules(file: Path = FILE) -> Rules:
    """Raises MisuseError."""
    try:
        return Rules.model_validate(lists.content(file))
    except ValidationError as error:
        raise lists.misuse(file, error) from None
