"""What people's programs may do: the statements that the notebook's role and the roles of teams have in common."""

from stacks import client_files, iam, recipes, signed_package
from stacks.data_bucket import ANALYTICS, DataBucket
from stacks.event_log import EventLog, ReadModels
from stacks.settings import Settings


def reading_the_log(log: EventLog, read_models: ReadModels, data_bucket: DataBucket) -> list[iam.Statement]:
    """Read what was recorded, by stream or by the keys that its leaves have, and see which files there are.

    To scan the log and to empty the undelivered queue is an operator's work, and needs an operator's role.
    """
    return [
        iam.allow(["dynamodb:GetItem", "dynamodb:Query"], [log.table.arn, read_models.table.arn]),
        iam.allow(["dynamodb:BatchGetItem"], [log.table.arn]),  # as GetItem, a hundred at once: to read in the order of leaves
        iam.allow(["dynamodb:Query"], [read_models.by_kind_arn, read_models.by_shard_arn]),
        iam.allow(["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketVersions"], [data_bucket.bucket.arn]),
    ]


def not_overwriting_code(settings: Settings, data_bucket: DataBucket) -> list[iam.Statement]:
    """The code that every notebook installs at its start, and that Lambda runs, must not come from a person's program. Nor must
    what events start: a notebook asks for a recipe, and does not write one. Nor what the whole log is asked from.
    """
    prefixes = [
        client_files.PREFIX,
        recipes.PREFIX,
        *([signed_package.PREFIX] if settings.code_signing.profile_version_arn else []),
        *((f"{ANALYTICS}/exports", f"{ANALYTICS}/tables") if settings.analytics.enabled else ()),
    ]
    return [iam.deny(["s3:PutObject"], [f"{data_bucket.bucket.arn}/{prefix}/*" for prefix in prefixes])]
