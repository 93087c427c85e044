"""The policies in docs/operate/checkpoints.md allow what the stack's roles ask for, and nobody else to write."""

import json
import re
from fnmatch import fnmatchcase
from typing import Any

import pytest

from stacks.settings.file import load
from tests.support.options import AUDITORS_BUCKET, synthesized_with_options
from tests.support.paths import ROOT
from tests.support.stack_json import StackJson

TEXT = (ROOT / "docs" / "operate" / "checkpoints.md").read_text(encoding="utf-8")
DOCUMENTS: dict[str, Any] = {
    name: json.loads(text)
    for name, text in re.findall(r'^```json title="([\w-]+)"\n(.*?)^```$', TEXT, re.MULTILINE | re.DOTALL)
}
NOTARY, NOTEBOOK, STRANGER = (
    "arn:aws:iam::111122223333:role/training-dev-notary",
    "arn:aws:iam::111122223333:role/training-dev-notebook",
    "arn:aws:iam::444455556666:role/training-dev-notary",
)
BUCKET = f"arn:aws:s3:::{AUDITORS_BUCKET}"


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> StackJson:
    """The environment that the document speaks of, with its tree in the other account's bucket."""
    settings = load("dev")
    return synthesized_with_options(
        tmp_path_factory.mktemp("dev"),
        environment="dev",
        account_id=settings.account_id,
        region=settings.region,
        checkpoints={"bucket": AUDITORS_BUCKET},
        encryption={},
        code_signing={},
        openlineage={},
    )


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _lets(statements: list[dict[str, Any]], role: str, action: str, resource: str, *, once: bool = True) -> bool:
    """Whether the policy does, over TLS. `once` says that the request asks S3 not to overwrite anything."""
    account = role.split(":")[4]

    def holds(condition: dict[str, Any]) -> bool:
        values = {"aws:PrincipalArn": role, "aws:SecureTransport": "true"} | ({"s3:if-none-match": "*"} if once else {})
        tests = {
            "ArnEquals": lambda key, value: values[key] == value,
            "ArnNotEquals": lambda key, value: values[key] != value,
            "Bool": lambda key, value: values[key] == value,
            "Null": lambda key, value: (key not in values) == (value == "true"),
        }
        return all(tests[name](key, value) for name, part in condition.items() for key, value in part.items())

    effects = [
        statement["Effect"]
        for statement in statements
        if statement["Principal"] in ("*", {"AWS": f"arn:aws:iam::{account}:root"})
        and any(fnmatchcase(action, pattern) for pattern in _many(statement["Action"]))
        and any(fnmatchcase(resource, pattern) for pattern in _many(statement["Resource"]))
        and holds(statement.get("Condition", {}))
    ]
    return "Allow" in effects and "Deny" not in effects


@pytest.mark.parametrize(("role", "who"), [("notary_run_execution", NOTARY), ("notebook", NOTEBOOK)])
def test_the_bucket_lets_the_stacks_roles_do_what_they_ask_for(dev: StackJson, role: str, who: str) -> None:
    asked = {(action, resource) for action, resource in dev.grants(role) if resource.startswith(BUCKET)}
    assert asked
    statements = DOCUMENTS["bucket-policy"]["Statement"]
    for action, resource in asked:
        assert _lets(statements, who, action, resource.replace("*", "checkpoints/1")), action


def test_nobody_else_writes_to_the_bucket_and_nobody_twice() -> None:
    statements = DOCUMENTS["bucket-policy"]["Statement"]
    for who in (NOTEBOOK, STRANGER):
        assert not _lets(statements, who, "s3:PutObject", f"{BUCKET}/notary/checkpoint")
    for path in ("tile/0/000", "checkpoints/1", "keys/1.der"):
        assert not _lets(statements, NOTARY, "s3:PutObject", f"{BUCKET}/notary/{path}", once=False)
    assert _lets(statements, NOTARY, "s3:PutObject", f"{BUCKET}/notary/checkpoint", once=False)
    for action in ("s3:DeleteObject", "s3:BypassGovernanceRetention", "s3:DeleteObjectVersion"):
        assert not _lets(statements, NOTARY, action, f"{BUCKET}/notary/checkpoints/1")
    assert not _lets(statements, STRANGER, "s3:GetObject", f"{BUCKET}/notary/checkpoint")


def test_a_key_of_another_account_lets_only_the_notary_sign(dev: StackJson) -> None:
    (key,) = {resource for action, resource in dev.grants("notary_run_execution") if action == "kms:Sign"}
    asked = {action for action, resource in dev.grants("notary_run_execution") if resource == key}
    statements = [DOCUMENTS["key-policy-statement"]]
    assert asked == set(statements[0]["Action"])
    assert all(_lets(statements, NOTARY, action, "*") for action in asked)
    assert not [action for who in (NOTEBOOK, STRANGER) for action in asked if _lets(statements, who, action, "*")]


def test_an_attestation_is_asked_of_the_notarys_function(dev: StackJson) -> None:
    (statement,) = DOCUMENTS["asking-for-an-attestation"]["Statement"]
    name = dev.one("aws_lambda_function", "notary")["function_name"]
    assert statement["Resource"] == f"arn:aws:lambda:us-east-1:111122223333:function:{name}"
