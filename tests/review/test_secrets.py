"""No summary shows a secret of the plan: neither one that Terraform marks, nor one that only looks like one."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.plan import read
from review.stack import Stack
from review.summary import summary
from tests.review.made_plans import change, shown

TEXT, NUMBER = "planted-and-never-shown", 918273645546372
KEY = "AKIAPLANTEDANDNEVER0"
Marked = tuple[Any, Any]
"""A value, and the tree of marks that Terraform adds."""

plain = st.none() | st.booleans() | st.integers(0, 9) | st.sampled_from(["a", "", "b c", "x" * 400])
planted = st.sampled_from([TEXT, f"{TEXT} and more", f"{'y' * 400}{TEXT}", NUMBER, f'{{"a": "{TEXT}"}}', [TEXT], {TEXT: TEXT}])
secret_names = st.sampled_from(
    ["password", "DB_PASSWORD", "DB_PASS", "apiKey", "client_secret", "private-key", "authToken", "AccessKey"]
)
shaped = st.sampled_from(
    [
        *(KEY, f"id={KEY};", f"-----BEGIN RSA PRIVATE KEY-----\n{TEXT}\n", f"postgres://user:{TEXT}@host/db"),
        *(f"ghp_{'a' * 30}{TEXT}", f"eyJhbGciOiJ.eyJzdWIiOiI.{TEXT}"),
        *(f"hf_{'a' * 34}", f"https://hooks.slack.com/services/T0/B0/{TEXT}"),
        *(f"set -e\nexport DB_PASSWORD={TEXT}\n", f"x --api-key={TEXT}", f"postgresql://h/db?password={TEXT}"),
    ]
)
names = st.sampled_from(["name", "policy", "environment", "tags", "value", "x.y", "bucket"])


def recognised_by_name(value: Any) -> dict[str, Any]:
    return {"name": "DB_PASSWORD", "value": value}


hidden_without_marks = (
    shaped
    | st.dictionaries(secret_names, planted, min_size=1, max_size=2)
    | planted.filter(lambda value: isinstance(value, str)).map(recognised_by_name)
)
in_json = hidden_without_marks.map(
    lambda tree: json.dumps({"Statement": [{"Effect": "Allow", "Condition": {"StringEquals": tree}}]})
)
leaves: st.SearchStrategy[Marked] = (
    st.tuples(plain, st.just(False))  # noqa: FBT003
    | st.tuples(planted, st.just(True))  # noqa: FBT003
    | st.tuples(hidden_without_marks | in_json, st.none())
)


def listed(pairs: list[Marked]) -> Marked:
    return [value for value, _ in pairs], [marks for _, marks in pairs]


def mapped(pairs: dict[str, Marked]) -> Marked:
    return {name: value for name, (value, _) in pairs.items()}, {name: marks for name, (_, marks) in pairs.items()}


trees = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3).map(listed) | st.dictionaries(names, inner, max_size=3).map(mapped),
    max_leaves=6,
)
resources = st.dictionaries(names, trees, max_size=4).map(mapped)
actions = st.sampled_from([["create"], ["update"], ["delete"], ["delete", "create"], ["forget"]])


@st.composite
def changes(draw: st.DrawFn, content: st.SearchStrategy[Marked] = resources) -> dict[str, Any]:
    (before, marks_before), (after, marks_after) = draw(content), draw(content)
    paths = [[name] for name in before] if isinstance(before, dict) else []
    return {
        "actions": draw(actions),
        "before": before,
        "before_sensitive": marks_before,
        "after": after,
        "after_sensitive": marks_after,
        **({"replace_paths": paths} if draw(st.booleans()) else {}),
    }


def entry(made: dict[str, Any]) -> dict[str, Any]:
    return change("aws_iam_role_policy.p", "update") | {"change": made}


outputs = st.dictionaries(names, changes(trees), max_size=2) | st.dictionaries(
    secret_names, changes(st.tuples(planted, st.none())), min_size=1, max_size=2
)


@given(st.lists(changes(), max_size=3), st.lists(changes(), max_size=2), outputs)
def test_a_secret_planted_anywhere_is_never_shown(planned: list[Any], drift: list[Any], outputs: dict[str, Any]) -> None:
    plan = {
        "format_version": "1.2",
        "resource_changes": list(map(entry, planned)),
        "resource_drift": list(map(entry, drift)),
        "output_changes": outputs,
    }
    text = summary(read(json.dumps(plan).encode(), "plan"), Stack())
    assert TEXT not in text
    assert "a" * 30 not in text
    assert KEY not in text
    assert str(NUMBER) not in text


def test_a_secret_that_changes_is_a_change() -> None:
    text = shown(change("aws_x.y", "update", before={"password": "one"}, after={"password": "two"}))
    assert "  - `password`: *(sensitive, another value)*\n" in text
    same = shown(change("aws_x.y", "update", before={"password": "one", "x": 1}, after={"password": "one", "x": 2}))
    assert "password" not in same


@pytest.mark.parametrize("name", ["password", "DB_PASS", "PASS", "apiKey", "client_secret", "authToken", "pwd"])
def test_a_value_whose_name_suggests_a_secret_is_not_shown(name: str) -> None:
    text = shown(change("aws_x.y", "update", before={name: TEXT}, after={name: f"{TEXT} 2"}))
    assert f"  - `{name}`: *(sensitive, another value)*\n" in text


@pytest.mark.parametrize(
    "shape",
    [
        *(f"https://hooks.slack.com/services/T0/B0/{TEXT}", f"hf_{'a' * 34}", f"ghp_{'a' * 34}", KEY, f"redis://:{TEXT}@host"),
        *(f"#!/bin/sh\nexport DB_PASSWORD={TEXT}\nrun", f"run --token {TEXT}", f"Server=h;Pwd={TEXT};", f"a?sig={TEXT}"),
        *(f"sk-proj-{TEXT}", f"sk-ant-api03-{TEXT}", f"sk_live_{'a1' * 12}", f"npm_{'a' * 36}", f"pypi-AgEI{TEXT}"),
        *(f"hvs.{TEXT}", f"dapi{'0a' * 16}"),
        f"-----BEGIN PRIVATE KEY-----\n{TEXT}",
    ],
)
def test_a_value_in_the_shape_of_a_secret_is_not_shown(shape: str) -> None:
    text = shown(change("aws_x.y", "update", before={"x": shape}, after={"x": "-"}))
    assert "  - `x`: *(sensitive)* → `-`\n" in text


def test_a_value_that_becomes_sensitive_is_hidden_before_too() -> None:
    text = shown(change("aws_x.y", "update", before={"x": "old"}, after={"x": "new"}, after_sensitive={"x": True}))
    assert "`x`: *(sensitive, another value)*" in text
    assert "old" not in text


@pytest.mark.parametrize("address", [f'aws_x.y["{KEY}"]', f"aws_x.{KEY}"])
def test_a_key_in_an_address_is_removed(address: str) -> None:
    text = shown(change(address, "delete"))
    assert KEY not in text
    assert "(sensitive)" in text


@pytest.mark.parametrize(
    "name", ["table_name", "kms_key_id", "hash_key", "range_key", "key", "author", "monkey", "bypass", "passive"]
)
def test_values_with_harmless_names_are_shown(name: str) -> None:
    assert f"`{name}`: `seen` → `b`" in shown(change("aws_x.y", "update", before={name: "seen"}, after={name: "b"}))


def test_a_switch_is_shown_although_its_name_suggests_a_secret() -> None:
    text = shown(change("aws_x.y", "update", before={"manage_password": True}, after={"manage_password": False}))
    assert "`manage_password`: `true` → `false`" in text


def test_a_long_text_with_a_secret_in_it_is_hidden_as_a_whole() -> None:
    """Only a part of it would be shown, and a part of a secret may no longer look like one."""
    long = f"{'x' * 300} ghp_{'a' * 60}"
    text = shown(change("aws_x.y", "update", before={"script": long}, after={"script": f"{long}b"}))
    assert "  - `script`: *(sensitive, another value)*\n" in text
