"""A policy is compared statement by statement, and the changes are shown in words."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.policies import compare, statements, weakened
from tests.review.made_plans import change, shown

ROLE = "aws_iam_role_policy.p"
READ = {"Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "arn:a"}
KEEP = {"Sid": "Keep", "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": "arn:a"}


def policy(*listed: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(listed)})


def policy_changes(before: str | None, after: str | None) -> list[str]:
    text = shown(change(ROLE, "update", before={"name": "r", "policy": before}, after={"name": "r", "policy": after}))
    head = "### Policies (1)\n\n- **`r`** · `aws_iam_role_policy.p`, `policy`\n"
    assert head in text
    assert "Changed in place" not in text
    return text.partition(head)[2].splitlines()


def test_removed_changed_and_added_statements_are_shown_in_this_order() -> None:
    new = {"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": {"AWS": "*"}}
    removed, changed, added = policy_changes(
        policy(READ, KEEP), policy(READ | {"Action": ["s3:GetObject", "s3:PutObject"]}, new)
    )
    assert removed == "  - removed: **denies** `s3:DeleteObject` on `arn:a` to **everyone** (`Keep`)"
    what, _, now = changed.partition("; ")
    assert what == "  - changed: actions without `s3:ListBucket`, actions with `s3:PutObject`"
    assert now == "now **allows** `s3:GetObject`, `s3:PutObject` on `arn:a` (`Read`)"
    assert added == "  - added: **allows** **every action** on **every resource** to **everyone**"


def test_every_element_of_a_statement_is_shown() -> None:
    statement = {
        "Effect": "Allow",
        "NotAction": "iam:*",
        "NotResource": "arn:x",
        "NotPrincipal": {"AWS": ["arn:1", "arn:2"]},
        "Condition": {"StringEquals": {"aws:SourceAccount": "1"}, "Bool": {"aws:SecureTransport": True}},
    }
    [line] = policy_changes(policy(), policy(statement))
    what, _, conditions = line.partition(" if ")
    assert what.endswith("but `iam:*` on all resources but `arn:x` to everyone but `AWS: arn:1`, `AWS: arn:2`")
    assert conditions == "`Bool aws:SecureTransport: true`, `StringEquals aws:SourceAccount: 1`"


def test_an_effect_that_changes_is_shown() -> None:
    [line] = policy_changes(policy(KEEP), policy(KEEP | {"Effect": "Allow"}))
    assert line.startswith("  - changed: effect: `Deny` → `Allow`; now **allows** ")


def test_a_statement_without_a_sid_is_recognised_by_what_stays_the_same() -> None:
    before = {"Effect": "Allow", "Action": "a:b", "Resource": "arn:1"}
    [line] = policy_changes(policy(before), policy(before | {"Resource": "arn:2"}))
    assert line == "  - changed: resources without `arn:1`, resources with `arn:2`; now **allows** `a:b` on `arn:2`"


def test_a_secret_in_a_condition_is_not_shown() -> None:
    def of(secret: str) -> str:
        return policy(READ | {"Condition": {"StringEquals": {"aws:password": secret}}})

    assert policy_changes(of("hunter2"), of("hunter3")) == ["  - says the same, in other words or with another sensitive value"]


@pytest.mark.parametrize(
    "key",
    [
        *("token.actions.githubusercontent.com:sub", "secretsmanager:ResourceTag/team", "secretsmanager:SecretId"),
        *("aws:TokenIssueTime", "kms:EncryptionContext:SecretARN"),
    ],
)
def test_a_condition_whose_key_only_sounds_like_a_secret_is_shown(key: str) -> None:
    """Such a condition names the tokens that may assume a role, so a reviewer must see it."""

    def of(value: str) -> str:
        return policy(READ | {"Condition": {"StringLike": {key: value}}})

    [line] = policy_changes(of("repo:mine/only:*"), of("repo:*"))
    assert f"conditions without `StringLike {key}: repo:mine/only:*`, conditions with `StringLike {key}: repo:*`" in line


def test_a_policy_with_an_address_in_it_is_still_read() -> None:
    """Taken as one text, the policy looks as if it had a user and a password in an address."""

    def of(page: str) -> str:
        condition = {"StringEquals": {"aws:Referer": page, "x": "somebody@example"}}
        return json.dumps({"Statement": [READ | {"Condition": condition}]}, separators=(",", ":"))

    [line] = policy_changes(of("https://a"), of("https://b"))
    assert "conditions without `StringEquals aws:Referer: https://a`" in line


def test_another_version_of_the_policy_language_is_shown() -> None:
    """In the older version, a variable such as ${aws:username} is plain text."""
    newer = policy(READ)
    assert policy_changes(newer, newer.replace("2012-10-17", "2008-10-17")) == ["  - version: `2012-10-17` → `2008-10-17`"]
    assert policy_changes(newer, newer.replace('"Version": "2012-10-17", ', "")) == ["  - version: `2012-10-17` → `2008-10-17`"]


def test_a_policy_that_is_known_after_apply_is_announced() -> None:
    text = shown(change(ROLE, "update", before={"policy": policy(READ)}, after={}, after_unknown={"policy": True}))
    assert "known after apply: it names something that the same apply makes" in text


@pytest.mark.parametrize(("before", "after"), [(policy(READ), '"none"'), ('"none"', policy(READ))])
def test_a_value_that_becomes_or_stops_being_a_policy_is_shown(before: str, after: str) -> None:
    assert any("no policy any more" in line or "becomes a policy" in line for line in policy_changes(before, after))


def test_the_statements_of_a_destroyed_policy_are_shown() -> None:
    text = shown(change("aws_s3_bucket_policy.p", "delete", before={"bucket": "b", "policy": policy(KEEP)}))
    assert "`aws_s3_bucket_policy.p`\n  - removed: **denies** `s3:DeleteObject` on `arn:a` to **everyone** (`Keep`)\n" in text


def test_what_a_new_grant_gives_is_shown() -> None:
    admin = {"role": "notebook", "policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    text = shown(change("aws_iam_role_policy_attachment.a", "create", after=admin, after_unknown={"id": True}))
    assert (
        "### Policies (1)\n\n- **`notebook`** · `aws_iam_role_policy_attachment.a`, new\n"
        "  - `policy_arn`: `arn:aws:iam::aws:policy/AdministratorAccess`\n  - `role`: `notebook`\n\n"
    ) in text


words = st.sampled_from(["a", "b", "[c?]", "*"])
several = words | st.lists(words, min_size=1, max_size=3)
statement = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"]), "Action": several, "Resource": several},
    optional={"Sid": words, "Principal": st.just("*") | st.dictionaries(words, several, min_size=1, max_size=2)},
)
policies = st.fixed_dictionaries({"Statement": st.lists(statement, max_size=4)})


@given(policies, policies)
def test_the_changes_lead_from_one_policy_to_the_other(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Nothing is missing and nothing is made up: the changes turn the old statements into the new ones."""
    changes = compare(before, after)
    result = list(map(repr, statements(before)))
    for each in changes:
        if each.before is not None:
            result.remove(repr(each.before))
    result += [repr(each.after) for each in changes if each.after is not None]
    assert set(result) == set(map(repr, statements(after)))
    assert compare(before, before) == []


@given(policies, statement)
def test_a_policy_with_another_statement_is_never_weaker(before: dict[str, Any], more: dict[str, Any]) -> None:
    assert weakened(before, {"Statement": [*before["Statement"], more]}) == []
    denials = [each for each in statements(before) if each.effect == "Deny"]
    assert weakened(before, {"Statement": []}) == denials
