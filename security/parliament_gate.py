"""Runs parliament on every IAM policy of every environment: of roles, of resources, and the trust policies of roles."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from security.errors import GateError
from security.scanner import Finding, run_scanner
from security.synthesized import Synthesized, parse_strictly

_LINT = Path(__file__).with_name("lint_policies.py").resolve()
# Must be found each time. Otherwise a parliament that does not work would look the same as policies without mistakes.
_PLANTED = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket"}]}'
# Every trust policy gives credentials: that is its purpose.
_OF_EVERY_TRUST = "CREDENTIALS_EXPOSURE:sts:assumerole"

_REGION_AND_ACCOUNT = "us-east-1:111122223333"
_ROLE = "arn:aws:iam::111122223333:role/sample"
# The forms of AWS's ARNs: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
# The ARN of a real stream ends in a time. parliament would take the colons of that time for more fields of the ARN.
_UUID = "57ff7a43-341d-46b6-aee3-a450c9de6dc8"
_SAMPLES = {
    "aws_athena_workgroup.arn": f"arn:aws:athena:{_REGION_AND_ACCOUNT}:workgroup/sample",
    "aws_cloudwatch_event_api_destination.arn": f"arn:aws:events:{_REGION_AND_ACCOUNT}:api-destination/sample/{_UUID}",
    "aws_cloudwatch_event_bus.arn": f"arn:aws:events:{_REGION_AND_ACCOUNT}:event-bus/sample",
    "aws_cloudwatch_event_rule.arn": f"arn:aws:events:{_REGION_AND_ACCOUNT}:rule/sample/sample",
    "aws_cloudwatch_log_group.arn": f"arn:aws:logs:{_REGION_AND_ACCOUNT}:log-group:/aws/lambda/sample",
    "aws_glue_catalog_database.arn": f"arn:aws:glue:{_REGION_AND_ACCOUNT}:database/sample",
    "aws_glue_catalog_table.arn": f"arn:aws:glue:{_REGION_AND_ACCOUNT}:table/sample/sample",
    "aws_glue_job.arn": f"arn:aws:glue:{_REGION_AND_ACCOUNT}:job/sample",
    "aws_iam_role.arn": _ROLE,
    "aws_dynamodb_table.arn": f"arn:aws:dynamodb:{_REGION_AND_ACCOUNT}:table/sample",
    "aws_dynamodb_table.stream_arn": f"arn:aws:dynamodb:{_REGION_AND_ACCOUNT}:table/sample/stream/sample",
    "aws_kms_key.arn": f"arn:aws:kms:{_REGION_AND_ACCOUNT}:key/{_UUID}",
    "aws_s3_bucket.arn": "arn:aws:s3:::sample",
    "aws_sqs_queue.arn": f"arn:aws:sqs:{_REGION_AND_ACCOUNT}:sample",
}
_REFERENCE = re.compile(r"\$\{(\w+)\.\w+\.(\w+)\}")
_EXPRESSION = re.compile(r"(?<!\$)\$\{")  # $${ is how Terraform writes a policy variable such as ${aws:username}
_TRUST = "assume_role_policy"
# The provider's attributes that have a policy as text. Other attributes are checked too if their text can be read as a policy.
_POLICY_ATTRIBUTES = {
    *("access_policies", "access_policy", "inline_policy", "permission_policy", "policy", "policy_document"),
    *("repository_policy", "resource_policy", _TRUST),
}


def check(python: Path, stacks: Sequence[Synthesized]) -> tuple[int, list[Finding]]:
    """The number of policies, and what parliament finds in them. Raises GateError."""
    checked = [(stack.environment, address, text) for stack in stacks for address, text in policies(stack)]
    texts = json.dumps([*(text for *_, text in checked), _PLANTED])
    answers = run_scanner([str(python), "-P", "-W", "ignore", str(_LINT)], standard_input=texts)
    if len(answers) != len(checked) + 1 or not answers[-1]:
        raise GateError("parliament did not do its work: a planted mistake was not found")
    return len(checked), [
        Finding(environment, address, name, issue["says"])
        for (environment, address, _), issues in zip(checked, answers[:-1], strict=True)
        for issue in issues
        for name in _names(issue["issue"], issue["actions"])
        if not (address.startswith("aws_iam_role.") and name == _OF_EVERY_TRUST)
    ]


def _names(issue: str, actions: Sequence[str]) -> Iterator[str]:
    """A name for each action that parliament lists, so that a waiver for one action does not waive another."""
    yield from (f"{issue}:{action}" for action in actions) if actions else (issue,)


def policies(stack: Synthesized) -> Iterator[tuple[str, str]]:
    """The address and the text of every policy, in any attribute. Raises GateError for a policy that cannot be read.

    The texts have sample ARNs in place of Terraform's references.
    """
    for address, resource in stack.resources.items():
        for key, value in _texts(resource):
            document = _document(value)
            if document is not None:
                text = json.dumps(_with_its_role(document) if key == _TRUST else document)
                yield address, _with_samples(text, f"{stack.environment}: {address}")
            elif key in _POLICY_ATTRIBUTES:
                raise GateError(f"{stack.environment}: {address}: {key} is not a policy that can be checked: {value:.80}")


def _texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text within a resource, with the name of its attribute."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _texts(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, key)


def _document(text: str) -> dict[str, Any] | None:
    try:
        document = parse_strictly(text)
    except ValueError:
        return None
    return document if isinstance(document, dict) and "Statement" in document else None


def _with_its_role(trust: dict[str, Any]) -> dict[str, Any]:
    """Add the role: a trust policy belongs to a role and cannot name it, and parliament fails without a resource."""
    statements = trust["Statement"] if isinstance(trust["Statement"], list) else [trust["Statement"]]
    return trust | {"Statement": [statement | {"Resource": _ROLE} for statement in statements]}


def _with_samples(text: str, policy_name: str) -> str:
    def sample(reference: re.Match[str]) -> str:
        try:
            return _SAMPLES[f"{reference[1]}.{reference[2]}"]
        except KeyError:
            raise GateError(f"{policy_name}: there is no sample ARN for {reference[0]}: add one to {__name__}") from None

    replaced = _REFERENCE.sub(sample, text)
    if _EXPRESSION.search(replaced):
        raise GateError(f"{policy_name}: no sample can replace the expression in its policy")
    return replaced.replace("$${", "${")
