"""The rights of the teams' roles, which exist already: each role gets a policy of its own."""

from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from constructs import Construct

from stacks import encryption, iam, rights, team_rules
from stacks.data_bucket import DataBucket
from stacks.event_bus import EventBus
from stacks.event_log import EventLog, ReadModels
from stacks.notary import Notary
from stacks.settings import Settings
from stacks.settings.teams import TeamRole


class Teams(Construct):
    """A role publishes under its team's source, puts the team's files, and reads what all have recorded."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        settings: Settings,
        *,
        bus: EventBus,
        log: EventLog,
        read_models: ReadModels,
        data_bucket: DataBucket,
        notary: Notary | None,
    ) -> None:
        super().__init__(scope, id_)
        bucket = data_bucket.bucket.arn
        for name, team in settings.teams.items():
            policy = iam.policy(
                *team_rules.publishing_as(settings, bus.bus.arn, name),
                *rights.reading_the_log(log, read_models, data_bucket),
                *(notary.reading() if notary else []),
                iam.allow(["s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectRetention"], [f"{bucket}/*"]),
                *team_rules.putting_files(bucket, name),
                *rights.not_overwriting_code(settings, data_bucket),
                *encryption.use_of_the_key(settings, reading=["dynamodb"], writing=["s3"]),
            )
            for role in map(TeamRole.of, team.roles):
                IamRolePolicy(self, f"{name}_{role.name}", name=settings.name(f"team-{name}"), role=role.name, policy=policy)
