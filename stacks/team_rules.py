"""What the policies of this stack say of teams: under which source each may publish, and which files are its own.

No policy can look into an event, so the event processor checks whose stream it is about (TRAINING_EVENTS_TEAMS).
"""

import json

from stacks import iam
from stacks.settings import Settings
from stacks.settings.teams import JOBS_OF_TEAM, TeamRole

_PREFIXES = ("runs", "models", "datasets")
_FIELDS = tuple(f"fields/{kind}" for kind in ("run", "model", "dataset", "group"))
"""Where a recorder keeps what is too large for an event."""


def variables(settings: Settings) -> dict[str, str]:
    """For a function's environment; nothing without teams.

    This account is one of each team's: what an operator sends again over the bus comes from here.
    """
    if not settings.teams:
        return {}
    teams = {
        name: {"source": source, "accounts": [settings.account_id, *settings.teams[name].account_ids]}
        for name, source in settings.team_sources.items()
    }
    return {"TRAINING_EVENTS_TEAMS": json.dumps(teams, separators=(",", ":"))}


def publishing_as(settings: Settings, bus_arn: str, team: str) -> list[iam.Statement]:
    """Publish under the team's source, and under no other, whatever else the role's policies allow.

    A request may have several events. ForAllValues also holds of a request without any source, so Null excludes that; but for
    the emulator, which tells IAM of none. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html
    """
    source = settings.team_sources[team]
    has_a_source = {} if settings.emulated else {"Null": {"events:source": "false"}}
    return [
        iam.allow(
            ["events:PutEvents"], [bus_arn], when={"ForAllValues:StringEquals": {"events:source": [source]}, **has_a_source}
        ),
        iam.deny(["events:PutEvents"], [bus_arn], when={"ForAnyValue:StringNotEquals": {"events:source": [source]}}),
    ]


def publishing_as_no_team(settings: Settings, bus_arn: str) -> list[iam.Statement]:
    """For a role that is no team's and may publish; nothing without teams."""
    if not settings.teams:
        return []
    sources = list(settings.team_sources.values())
    return [iam.deny(["events:PutEvents"], [bus_arn], when={"ForAnyValue:StringEquals": {"events:source": sources}})]


def putting_files(bucket_arn: str, team: str) -> list[iam.Statement]:
    """Put what a recorder puts for the team's streams; and remove no object, whatever else the role's policies allow."""
    own = [f"{bucket_arn}/{prefix}/{team}-*" for prefix in (*_PREFIXES, *_FIELDS)]
    return [
        iam.allow(["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"], own),
        iam.deny(["s3:DeleteObject", "s3:DeleteObjectVersion"], [f"{bucket_arn}/*"]),
    ]


def protection(settings: Settings, bucket_arn: str) -> list[iam.Statement]:
    """Statements for the data bucket's policy: a team's files are put by its roles, and by the jobs that it asks for.

    They hold for the account's administrators too. `fields/` is not among them, for the size of the policy: an event names the
    version of such an object, with its digest.
    """
    return [
        {
            "Sid": f"FilesOfTeam{name.capitalize()}",
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:PutObject", "s3:DeleteObject"],
            "Resource": [f"{bucket_arn}/{prefix}/{name}-*" for prefix in _PREFIXES],
            **_unless_of(_principals(settings, name)),
        }
        for name in settings.teams
    ]


def other_accounts(settings: Settings, bus_arn: str) -> list[iam.Statement]:
    """Statements for the bus's policy: other accounts publish under the source of their team. There, an administrator decides
    who does.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-perms.html
    """
    statements = []
    for name, team in settings.teams.items():
        if team.account_ids:
            allowed, _ = publishing_as(settings, bus_arn, name)
            accounts = [f"arn:{settings.partition}:iam::{account}:root" for account in team.account_ids]
            statements.append(
                {"Sid": f"Team{name.capitalize()}", "Principal": {"AWS": accounts}, **allowed, "Action": "events:PutEvents"}
                | {"Resource": bus_arn}
            )
    return statements


def _principals(settings: Settings, name: str) -> list[str]:
    """What is in aws:PrincipalArn for the team's roles, and for that of its jobs.

    The emulator has the session's ARN there; on AWS it is the role's: see Settings.principals_of.
    """
    roles = [TeamRole.of(role) for role in settings.teams[name].roles]
    arns = [f"arn:{settings.partition}:iam::{settings.account_id}:role{role.path}{role.name}" for role in roles]
    if settings.emulated:
        arns += [f"arn:{settings.partition}:sts::{settings.account_id}:assumed-role/{role.name}/*" for role in roles]
    if settings.training_starter.enabled:
        arns += settings.principals_of(f"{JOBS_OF_TEAM}{name}")
    return arns


def _unless_of(principals: list[str]) -> iam.Statement:
    return {"Condition": {"ArnNotLike": {"aws:PrincipalArn": principals}}} if principals else {}
