"""The section of the settings about teams that share one log."""

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

from pydantic import Field

from stacks.settings.section import Section
from stacks.settings.types import AccountIds, RoleRefs, TeamSource

_ROLE = "arn:aws:iam::111122223333:role/vision-training"  # an example
JOBS_OF_TEAM = "training-jobs-"
"""In front of a team's name, in that of the role of its training jobs."""
_MAX_ROLE_NAME = 64  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-names
_MAX_TEAMS, _MAX_PUBLISHERS, _MAX_ROLES = 16, 1500, 5000
"""How many teams, and how many characters their sources with account_ids have, and their roles: so that what names them all
fits into a bucket's policy (20 KB), a bus's (10 KB) and a function's environment (4 KB)."""


class Team(Section):
    """A team whose streams begin with its name, `run/<name>-…` and so on in all kinds: docs/operate/teams.md."""

    source: TeamSource | None = Field(default=None, examples=["acme.vision"])
    """The source of its events, at most 64 characters, which is none of `events.sources` and no other team's; by default
    `my.<name>.training`."""
    roles: RoleRefs = Field(default=(), max_length=5, strict=False, examples=[[_ROLE]])
    """Existing roles of this account that publish for it, by name, or by ARN if they have a path; they get the right to publish
    under its source, to read, and to put its files; by default none."""
    account_ids: AccountIds = Field(default=(), max_length=5, strict=False, examples=[["444455556666"]])
    """Other accounts that may publish under its source; by default none."""


class TeamRole(NamedTuple):
    """A role of a team: its name, and what is in front of it in the role's ARN, such as `/` or `/teams/vision/`."""

    path: str
    name: str

    @classmethod
    def of(cls, reference: str) -> "TeamRole":
        path, _, name = reference.partition(":role")[2].rpartition("/") if ":role/" in reference else ("", "/", reference)
        return cls(f"{path}/", name)


def source_of(name: str, team: Team) -> str:
    return team.source or f"my.{name}.training"


def contradiction(teams: Mapping[str, Team], *, account_id: str, own_roles: str, taken_sources: Collection[str]) -> str | None:
    """What of the teams contradicts another setting, or another team, in one line. `own_roles` is how the stack's own begin."""
    if len(teams) > _MAX_TEAMS:
        return f"teams: there are {len(teams)}; must be at most {_MAX_TEAMS}"
    publishers = [text for name, team in teams.items() for text in (source_of(name, team), *team.account_ids)]
    roles = [role for team in teams.values() for role in team.roles]
    for what, texts, most in (("sources and account_ids", publishers, _MAX_PUBLISHERS), ("roles", roles, _MAX_ROLES)):
        if (size := sum(map(len, texts))) > most:
            return f"teams: their {what} have {size} characters; must be at most {most} together"
    if teams and len(longest := f"{own_roles}{JOBS_OF_TEAM}{max(teams, key=len)}") > _MAX_ROLE_NAME:
        return f"teams: a role would be named {longest}, and IAM allows {_MAX_ROLE_NAME} characters: shorten the team's name"
    sources = dict.fromkeys(taken_sources, "events.sources")
    for name, team in teams.items():
        source = source_of(name, team)
        if (other := sources.setdefault(source, f"teams.{name}")) != f"teams.{name}":
            return f"teams.{name}.source = {source!r}: is of {other} already; each team has a source of its own"
        if account_id in team.account_ids:
            return f"teams.{name}.account_ids has {account_id!r}: it is this account, of which roles are named"
    return _contradiction_of_roles(teams, account_id, own_roles)


def _contradiction_of_roles(teams: Mapping[str, Team], account_id: str, own_roles: str) -> str | None:
    teams_of: dict[str, str] = {}
    for name, role in ((name, role) for name, team in teams.items() for role in team.roles):
        what = f"teams.{name}.roles has {role!r}"
        if (account := re.search(r":iam::(\d+):", role)) and account[1] != account_id:
            return f"{what}: must be of account {account_id}; others go into account_ids"
        if TeamRole.of(role).name.startswith(own_roles):
            return f"{what}: it is a role of this stack, and no team's"
        if (other := teams_of.setdefault(TeamRole.of(role).name, name)) != name:
            return f"{what}: it is of teams.{other} already; a role is of one team"
    return None
