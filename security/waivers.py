"""What is found and stays as it is: waivers.toml, each entry with its reason, and none that nothing needs any more."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from security import lists
from security.errors import MisuseError
from security.finding import Finding

FILE = Path(__file__).with_name("waivers.toml")

_Text = Annotated[str, Field(min_length=1)]


class Waiver(BaseModel):
    """`check` may fail for each of `resources`: by their addresses and not by a pattern, so that a new one is found anew."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    check: _Text
    resources: list[_Text] = Field(min_length=1)
    reason: str = Field(min_length=20)
    except_in: list[_Text] = []  # environments in which the finding counts
    setting: _Text | None = None  # without it nothing is found, and the waiver is not missed where no environment gives it

    def covers(self, finding: Finding, resource: str) -> bool:
        return (finding.check, finding.address) == (self.check, resource) and finding.environment not in self.except_in


def read(file: Path = FILE) -> list[Waiver]:
    """Every waiver of the file. Raises MisuseError."""
    entries = lists.content(file)
    try:
        waivers = [Waiver.model_validate(entry) for entry in entries.pop("waiver", [])]
    except ValidationError as error:
        raise lists.misuse(file, error) from None
    if entries:
        raise MisuseError(f"{file.name}: {next(iter(entries))}: only [[waiver]] entries stand here")
    return waivers


def not_waived(findings: Sequence[Finding], waivers: Sequence[Waiver]) -> list[Finding]:
    return [
        one for one in findings if not any(waiver.covers(one, resource) for waiver in waivers for resource in waiver.resources)
    ]


def out_of_date(
    findings: Sequence[Finding], waivers: Sequence[Waiver], environments: Collection[str], file: str = FILE.name
) -> Iterator[str]:
    """One line for each resource that a waiver in `file` names in vain, and for each environment that is none."""
    for waiver in waivers:
        for resource in waiver.resources:
            if waiver.setting is None and not any(waiver.covers(one, resource) for one in findings):
                yield f"{file}: {resource}: {waiver.check}: nothing needs this waiver any more: remove it"
        for environment in waiver.except_in:
            if environment not in environments:
                yield f"{file}: {waiver.check}: except_in names {environment}, which is no environment here"
