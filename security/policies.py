"""Every IAM policy of an environment, as parliament can read it: with sample ARNs where Terraform will put real ones."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from security.errors import GateError
from security.synthesized import Synthesized, strictly_read

_HERE = "us-east-1:111122223333"
# What AWS's ARNs look like: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
# A real stream's ends in a time, whose colons parliament takes for more fields of the ARN.
_SAMPLES = {
    "aws_cloudwatch_event_bus.arn": f"arn:aws:events:{_HERE}:event-bus/sample",
    "aws_cloudwatch_event_rule.arn": f"arn:aws:events:{_HERE}:rule/sample/sample",
    "aws_cloudwatch_log_group.arn": f"arn:aws:logs:{_HERE}:log-group:/aws/lambda/sample",
    "aws_dynamodb_table.arn": f"arn:aws:dynamodb:{_HERE}:table/sample",
    "aws_dynamodb_table.stream_arn": f"arn:aws:dynamodb:{_HERE}:table/sample/stream/sample",
    "aws_s3_bucket.arn": "arn:aws:s3:::sample",
    "aws_sqs_queue.arn": f"arn:aws:sqs:{_HERE}:sample",
}
_ROLE = "arn:aws:iam::111122223333:role/sample"
_REFERENCE = re.compile(r"\$\{(\w+)\.\w+\.(\w+)\}")
_EXPRESSION = re.compile(r"(?<!\$)\$\{")  # $${ is Terraform's way to write a policy variable such as ${aws:username}
_TRUST = "assume_role_policy"
# What the provider calls attributes that hold a policy's text. Another one is looked at as well where it can be read.
_HOLD_POLICIES = {
    *("access_policies", "access_policy", "inline_policy", "permission_policy", "policy", "policy_document"),
    *("repository_policy", "resource_policy", _TRUST),
}


def policies(stack: Synthesized) -> Iterator[tuple[str, str]]:
    """Address and text of every policy, whatever attribute it stands in. Raises GateError for one that cannot be read."""
    for address, resource in stack.resources.items():
        for key, value in _texts(resource):
            document = _document(value)
            if document is not None:
                text = json.dumps(_with_its_role(document) if key == _TRUST else document)
                yield address, _with_samples(text, f"{stack.environment}: {address}")
            elif key in _HOLD_POLICIES:
                raise GateError(f"{stack.environment}: {address}: {key} is no policy's text and cannot be checked: {value:.80}")


def _texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text within a resource, with the name of the attribute that it stands in."""
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
        document = strictly_read(text)
    except ValueError:
        return None
    return document if isinstance(document, dict) and "Statement" in document else None


def _with_its_role(trust: dict[str, Any]) -> dict[str, Any]:
    """A trust policy is for the role that it stands in and cannot name it; parliament stops where no resource is named."""
    statements = trust["Statement"] if isinstance(trust["Statement"], list) else [trust["Statement"]]
    return trust | {"Statement": [statement | {"Resource": _ROLE} for statement in statements]}


def _with_samples(text: str, where: str) -> str:
    def sample(reference: re.Match[str]) -> str:
        try:
            return _SAMPLES[f"{reference[1]}.{reference[2]}"]
        except KeyError:
            raise GateError(f"{where}: no sample ARN stands for {reference[0]}: add one to {__name__}") from None

    replaced = _REFERENCE.sub(sample, text)
    if _EXPRESSION.search(replaced):
        raise GateError(f"{where}: no sample can stand for the expression in its policy")
    return replaced.replace("$${", "${")
