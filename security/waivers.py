"""Findings that are accepted: waivers.toml lists them, each with its reason. An entry that is no longer needed is an error."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from security import lists
from security.errors import MisuseError
from security.scanner import Finding

FILE = Path(__file__).with_name("waivers.toml")

_Text = Annotated[str, Field(min_length=1)]


class Waiver(BaseModel):
    """`check` may fail for each of `resources`. They are addresses, not patterns, so that a new resource is a new finding."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    check: _Text
    resources: list[_Text] = Field(min_length=1)
    reason: str = Field(min_length=20)
    except_in: list[_Text] = []  # the environments in which the finding is not waived
    setting: _Text | None = None  # the setting that causes the finding: the waiver may be unused if no environment has it

    def covers(self, finding: Finding, resource: str) -> bool:
        return (finding.check, finding.address) == (self.check, resource) and finding.environment not in self.except_in


def read(file: Path = FILE) -> list[Waiver]:
    """Every waiver of the file. Raises MisuseError."""
    entries = lists.read_toml(file)
    try:
        waivers = [Waiver.model_validate(entry) for entry in entries.pop("waiver", [])]
    except ValidationError as error:
        raise lists.misuse(file, error) from None
    if entries:
        raise MisuseError(f"{file.name}: {next(iter(entries))}: only [[waiver]] entries are allowed")
    return waivers


def not_waived(findings: Sequence[Finding], waivers: Sequence[Waiver]) -> list[Finding]:
    return [
        finding
        for finding in findings
        if not any(waiver.covers(finding, resource) for waiver in waivers for resource in waiver.resources)
    ]


def out_of_date(
    findings: Sequence[Finding], waivers: Sequence[Waiver], environments: Collection[str], file: str = FILE.name
) -> Iterator[str]:
    """A line for each resource of a waiver that has no finding, and for each environment that does not exist.

    file: the name of the list, for the lines.
    """
    for waiver in waivers:
        for resource in waiver.resources:
            if waiver.setting is None and not any(waiver.covers(finding, resource) for finding in findings):
                yield f"{file}: {resource}: {waiver.check}: nothing needs this waiver any more: remove it"
        for environment in waiver.except_in:
            if environment not in environments:
                yield f"{file}: {waiver.check}: except_in names {environment}, which is not an environment here"
