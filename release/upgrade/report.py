"""What was found, for people and for programs."""

from collections.abc import Mapping, Sequence

import msgspec

from release.upgrade.changes import Action, Change

_VERBS: Mapping[Action, str] = {"destroy": "destroyed", "replace": "replaced", "change": "changed", "add": "added"}
"""What is most serious first."""


class Environment(msgspec.Struct, frozen=True):
    """What a deploy of one environment would do. `refused` has the addresses whose data would be lost, and nobody accepted."""

    environment: str
    changes: list[Change]
    refused: list[str]


class Document(msgspec.Struct, frozen=True):
    """What `--json` prints. `since` is as it was asked for, `commit` what that is in git."""

    since: str
    commit: str
    environments: list[Environment]


def judged(environment: str, changes: list[Change], accepted: Sequence[str]) -> Environment:
    refused = [change.address for change in changes if _loses(change) and change.address not in accepted]
    return Environment(environment, changes, refused)


def lines(environment: Environment) -> list[str]:
    """The report on one environment: first what would be lost, then the rest by what happens to it."""
    changes = environment.changes
    counts = ", ".join(f"{sum(change.action == action for change in changes)} {verb}" for action, verb in _VERBS.items())
    printed = [f"{environment.environment}: {counts if changes else 'nothing changes'}"]
    for change in sorted(changes, key=lambda change: [not _loses(change), [*_VERBS].index(change.action), change.address]):
        attributes = f": {', '.join(change.attributes)}" if change.attributes else ""
        because = f" ({change.because})" if change.because else ""
        printed.append(f"  {_VERBS[change.action]:9}  {change.address}{attributes}{because}")
        if _loses(change):
            verdict = "LOST" if change.address in environment.refused else "lost, accepted"
            printed.append(f"             {verdict}: {change.loses}")
    return printed


def _loses(change: Change) -> bool:
    return bool(change.loses) and change.action in {"destroy", "replace"}
