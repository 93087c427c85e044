"""A small IAM: what the policies of a synthesized stack allow. Emulators leave some of these conditions out.

A denial in any policy wins. In one account either the caller's policies or the resource's may allow; from another account the
resource's has to. References such as `${aws_s3_bucket.x.arn}` are compared as texts, so a resource is given with them.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

Statement = Mapping[str, Any]


class Request(NamedTuple):
    """What a caller asks for. `principal` is the ARN of its role; `context` has the values of each condition key."""

    principal: str
    action: str
    resource: str
    context: Mapping[str, Sequence[str]] = {}


def is_allowed(
    request: Request, *, identity: Iterable[Statement], resource: Iterable[Statement] = (), own_account: str
) -> bool:
    own = [statement for statement in identity if _applies(statement, request)]
    others = [statement for statement in resource if _is_for(statement, request.principal) and _applies(statement, request)]
    if any(statement["Effect"] == "Deny" for statement in (*own, *others)):
        return False
    granted = any(statement["Effect"] == "Allow" for statement in own)
    let_in = any(statement["Effect"] == "Allow" for statement in others)
    return granted or let_in if _account(request.principal) == own_account else granted and let_in


def _applies(statement: Statement, request: Request) -> bool:
    return (
        any(_like(request.action, pattern) for pattern in _list(statement["Action"]))
        and any(_like(request.resource, pattern) for pattern in _list(statement["Resource"]))
        and all(
            _holds(operator, {**request.context, "aws:PrincipalArn": [request.principal]}.get(key, ()), _list(wanted))
            for operator, conditions in statement.get("Condition", {}).items()
            for key, wanted in conditions.items()
        )
    )


def _is_for(statement: Statement, principal: str) -> bool:
    named = statement["Principal"]
    if named == "*":
        return True
    accounts = [arn for arn in _list(named.get("AWS", [])) if arn.endswith(":root")]
    return principal in _list(named.get("AWS", [])) or any(_account(arn) == _account(principal) for arn in accounts)


def _holds(operator: str, values: Sequence[str], wanted: list[str]) -> bool:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html"""
    quantifier, _, test = operator.rpartition(":")
    if test == "Null":
        return [str(not values).lower()] == wanted
    if test == "Bool":
        return list(values) == wanted
    compare = _like if "Like" in test else str.__eq__
    negated, if_exists = "Not" in test, test.endswith("IfExists")
    match_of = [any(compare(value, pattern) for pattern in wanted) is not negated for value in values]
    if quantifier == "ForAllValues":
        return all(match_of)
    if quantifier == "ForAnyValue":
        return any(match_of)
    return all(match_of) if values else negated or if_exists


def _like(value: str, pattern: str) -> bool:
    return fnmatchcase(value, pattern.replace("[", "[[]"))


def _account(arn: str) -> str:
    return arn.split(":")[4]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
