"""Types of single settings. Each has a message that says what is allowed."""

import difflib
import re
from collections.abc import Callable, Iterable
from typing import Annotated, Any

from pydantic import AfterValidator, Strict

from stacks.settings import aws_facts


def _one_of(what: str, allowed: Callable[[], Iterable[Any]]) -> AfterValidator:
    """Accepts one of `allowed()`. If that is a long list, the message names the values that are most similar."""

    def check(value: Any) -> Any:
        choices = list(allowed())
        if value in choices:
            return value
        if len(choices) <= 24:
            raise ValueError(f"{what} is one of {', '.join(map(str, choices))}")
        nearest = difflib.get_close_matches(str(value), choices, n=3, cutoff=0.5) or choices[:3]
        raise ValueError(f"{what} is one of {len(choices)} that AWS knows, such as {', '.join(nearest)}")

    return AfterValidator(check)


def _matching(pattern: str, allowed: str) -> AfterValidator:
    """Accepts a text that matches the whole `pattern`; `allowed` says the same in words."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"must be {allowed}")
        return value

    return AfterValidator(check)


def _distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(values)) != len(values):
        raise ValueError("must not name the same twice")
    return values


def _distinct_to_iam(tags: dict[str, str]) -> dict[str, str]:
    seen: dict[str, str] = {}
    for key in tags:
        if (other := seen.setdefault(key.lower(), key)) != key:
            raise ValueError(f"tags.{key} and tags.{other} are the same to IAM, whose keys know no case")
    return tags


def _some(values: tuple[str, ...]) -> tuple[str, ...]:
    if not values:
        raise ValueError("must have at least 1")
    return values


AccountId = Annotated[str, _matching(r"[0-9]{12}", "a 12-digit AWS account id, in quotes")]
Region = Annotated[str, _one_of("a region with SageMaker", aws_facts.regions)]
BucketName = Annotated[
    str, _matching(r"(?!xn--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", "3 to 63 lower-case letters, digits and hyphens")
]
# PutEvents refuses sources that begin with `aws.`, because only AWS may use those.
EventSource = Annotated[
    str, _matching(r"(?!aws\.)[A-Za-z0-9._-]{1,256}", "letters, digits, '.', '_' and '-', and not begin with 'aws.'")
]
TeamSource = Annotated[EventSource, _matching(r".{1,64}", "at most 64 characters")]
LogRetentionDays = Annotated[int, _one_of("a log's retention in days", lambda: aws_facts.LOG_RETENTION_DAYS)]
SubnetId = Annotated[str, _matching(r"subnet-([0-9a-f]{8}|[0-9a-f]{17})", "a subnet id like subnet-0123456789abcdef0")]
SecurityGroupId = Annotated[str, _matching(r"sg-([0-9a-f]{8}|[0-9a-f]{17})", "a group id like sg-0123456789abcdef0")]
# The ids that KMS makes, and that Terraform's S3 backend accepts: terraform/internal/backend/remote-state/s3/validate.go
_UUID, _OF_MANY_REGIONS = r"[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", r"mrk-[0-9a-f]{32}"
# Every name begins with it, and S3 keeps some beginnings for itself: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
NamePrefix = Annotated[
    str,
    _matching(
        r"(?!xn--|sthree(-|$)|amzn-s3-demo(-|$))[a-z]([a-z0-9-]{0,18}[a-z0-9])?",
        "1 to 20 lower-case letters, digits and hyphens, a letter first and no hyphen last, nor begin as S3's own names do",
    ),
]
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html, without `$` and braces, as below
IamPath = Annotated[
    str,
    _matching(
        r"(?=.{1,512}$)/([A-Za-z0-9_.,+@=-]+/)*", "/, or up to 512 characters like /teams/vision/: a slash first and last"
    ),
]
PolicyArn = Annotated[
    str,
    _matching(
        r"arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/([A-Za-z0-9_.,+@=-]+/)*[A-Za-z0-9_.,+@=-]{1,128}",
        "a managed policy's ARN, arn:<partition>:iam::<account>:policy/<path and name>",
    ),
]
KeyArn = Annotated[
    str,
    _matching(
        rf"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{{12}}:key/({_UUID}|{_OF_MANY_REGIONS})",
        "a key's ARN, arn:<partition>:kms:<region>:<account>:key/<id>, whose id is a UUID or mrk-…",
    ),
]
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateEventBus.html
BusName = Annotated[
    str,
    _matching(
        r"(?!default$|aws\.)[A-Za-z0-9._-]{1,256}",
        "letters, digits, '.', '_' and '-', and not be 'default', on which AWS's own events would go round in circles",
    ),
]
BusArn = Annotated[
    str,
    _matching(
        r"arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/(?!default$)[A-Za-z0-9._-]{1,256}",
        "a custom bus's ARN, arn:<partition>:events:<region>:<account>:event-bus/<name>",
    ),
]
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
LogGroupName = Annotated[
    str, _matching(r"(?!aws/)[A-Za-z0-9._/#-]{1,512}", "1 to 512 letters, digits and ._/#-, and not begin with 'aws/'")
]
ConnectionArn = Annotated[
    str,
    _matching(
        r"arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:connection/[A-Za-z0-9._-]{1,64}/[0-9a-f-]{36}",
        "a connection's ARN, arn:<partition>:events:<region>:<account>:connection/<name>/<id>",
    ),
]
# EventBridge takes no other scheme, and a `*` would stand for a part that each target names. Without `${`, as below.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
HttpsAddress = Annotated[
    str,
    _matching(
        r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/%:=&?+-]*)?",
        "https://<host>, with or without :<port> and /<path>",
    ),
]
SigningProfileVersionArn = Annotated[
    str,
    _matching(
        r"arn:aws[a-z-]*:signer:[a-z0-9-]+:[0-9]{12}:/signing-profiles/[A-Za-z0-9_]{2,64}/[A-Za-z0-9]{10}",
        "the ARN of a signing profile's version, arn:<partition>:signer:<region>:<account>:/signing-profiles/<name>/<version>",
    ),
]
# Without braces, because Terraform would take `${` as the beginning of an expression.
Email = Annotated[str, _matching(r"[^@\s{}]+@[^@\s{}]+\.[^@\s{}]+", "an e-mail address")]
# The characters that IAM allows. To IAM, keys that differ only in case are the same: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
TagKey = Annotated[str, _matching(r"[\w .:/=+@-]{1,128}", "1 to 128 letters, digits, spaces and _.:/=+-@")]
TagValue = Annotated[str, _matching(r"[\w .:/=+@-]{0,256}", "up to 256 letters, digits, spaces and _.:/=+-@")]
Tags = Annotated[dict[TagKey, TagValue], AfterValidator(_distinct_to_iam)]
TagKeys = Annotated[tuple[TagKey, ...], AfterValidator(_distinct)]
TagValues = Annotated[tuple[TagValue, ...], Strict(strict=False), AfterValidator(_distinct), AfterValidator(_some)]
VersionConstraint = Annotated[
    str,
    _matching(
        r"(>=|<=|~>|>|<|!=|=)? ?[0-9]+(\.[0-9]+){0,2}(, (>=|<=|~>|>|<|!=|=)? ?[0-9]+(\.[0-9]+){0,2})*",
        "a Terraform version constraint like '>= 5.100.0, < 7.0.0'",
    ),
]
TeamName = Annotated[str, _matching(r"[a-z0-9]{1,20}", "a team's name, 1 to 20 lower-case letters and digits")]
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-names
RoleRef = Annotated[
    str,
    _matching(
        r"(arn:aws[a-z-]*:iam::[0-9]{12}:role/([A-Za-z0-9_.,+@=-]+/)*)?[A-Za-z0-9_.,+@=-]{1,64}",
        "a role's name, or its ARN, arn:<partition>:iam::<account>:role/<path and name>",
    ),
]
EnvironmentName = Annotated[
    str, _matching(r"[a-z][a-z0-9-]{0,14}[a-z0-9]", "2 to 16 lower-case letters, digits and hyphens, a letter first")
]
LambdaRuntime = Annotated[str, _one_of("a Lambda runtime", aws_facts.lambda_python_runtimes)]
NotebookInstanceType = Annotated[str, _one_of("a notebook's instance type", aws_facts.notebook_instance_types)]
NotebookPlatform = Annotated[str, _one_of("a notebook's platform", aws_facts.notebook_platforms)]
AccountIds = Annotated[tuple[AccountId, ...], AfterValidator(_distinct)]
EventSources = Annotated[tuple[EventSource, ...], AfterValidator(_distinct), AfterValidator(_some)]
KeyArns = Annotated[tuple[KeyArn, ...], AfterValidator(_distinct)]
RoleRefs = Annotated[tuple[RoleRef, ...], AfterValidator(_distinct)]
SubnetIds = Annotated[tuple[SubnetId, ...], AfterValidator(_distinct)]
SecurityGroupIds = Annotated[tuple[SecurityGroupId, ...], AfterValidator(_distinct)]
