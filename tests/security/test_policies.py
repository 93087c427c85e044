"""parliament gets every policy, in a form that it can check."""

import json
from typing import Any

import pytest

from security.errors import GateError
from security.parliament_gate import policies
from security.synthesized import Synthesized
from tests.support.stack_json import StackJson


def _policy(resource: str = "*", **more: Any) -> str:
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": resource} | more]}
    )


def _policies(**attributes: Any) -> list[tuple[str, dict[str, Any]]]:
    stack = Synthesized("dev", {"aws_iam_role_policy.x": attributes})
    return [(address, json.loads(text)["Statement"][0]) for address, text in policies(stack)]


def test_every_policy_of_every_environment_is_checked(stack: StackJson) -> None:
    resources = {f"{kind}.{name}": resource for kind, name, resource in stack.resources()}
    checked = {address for address, _ in policies(Synthesized("dev", resources))}
    assert checked == {address for address, _ in stack.statements()}
    assert len(checked) == 19


def test_a_reference_becomes_a_sample_arn_of_its_kind() -> None:
    ((_, statement),) = _policies(policy=_policy("${aws_s3_bucket.data_bucket_51E298BF.arn}/seals/*"))
    assert statement["Resource"] == "arn:aws:s3:::sample/seals/*"


def test_a_policy_variable_is_not_taken_for_an_expression() -> None:
    ((_, statement),) = _policies(policy=_policy("arn:aws:s3:::bucket/$${aws:username}/*"))
    assert statement["Resource"] == "arn:aws:s3:::bucket/${aws:username}/*"


def test_a_trust_policy_gets_a_resource() -> None:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    ((_, statement),) = _policies(assume_role_policy=json.dumps({"Statement": trust}))
    assert statement == trust | {"Resource": "arn:aws:iam::111122223333:role/sample"}


def test_a_policy_is_found_in_any_attribute() -> None:
    assert len(_policies(inline_policy=[{"name": "a", "policy": _policy()}, {"name": "b", "policy": _policy()}])) == 2
    assert len(_policies(access_policies=_policy())) == 1


def test_other_json_is_not_taken_for_a_policy() -> None:
    assert _policies(event_pattern='{"source": ["aws.s3"]}', redrive_policy='{"maxReceiveCount": 3}', name="[1]") == []


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"policy": _policy("${aws_sns_topic.own.arn}")}, r"there is no sample ARN for \$\{aws_sns_topic.own.arn\}"),
        ({"policy": _policy('${join("", [aws_s3_bucket.a.arn])}')}, "expression"),
        ({"policy": "${data.aws_iam_policy_document.x.json}"}, "not a policy that can be checked"),
        ({"assume_role_policy": "${local.trust}"}, "not a policy that can be checked"),
        ({"resource_policy": '${jsonencode({"Statement": []})}'}, "not a policy that can be checked"),
        ({"policy_document": "${local.document}"}, "not a policy that can be checked"),
        ({"policy": '{"Statement": [{"Action": "*", "Action": "s3:GetObject"}]}'}, "not a policy that can be checked"),
    ],
)
def test_a_policy_that_cannot_be_read_does_not_pass(attributes: dict[str, str], message: str) -> None:
    with pytest.raises(GateError, match=message) as raised:
        _policies(**attributes)
    assert "dev: aws_iam_role_policy.x" in str(raised.value)
