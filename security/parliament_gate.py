"""parliament over every IAM policy: that of a role, of a resource, and whom a role trusts."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from security.errors import GateError
from security.finding import Finding
from security.policies import policies
from security.scanner import answer_of
from security.synthesized import Synthesized

_LINT = Path(__file__).with_name("lint_policies.py").resolve()
# Must be found each time: a parliament that finds nothing is otherwise the same as policies that are all in order.
_PLANTED = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket"}]}'
# That it gives credentials is what a trust policy is for.
_OF_EVERY_TRUST = "CREDENTIALS_EXPOSURE:sts:assumerole"


def check(python: Path, stacks: Sequence[Synthesized]) -> tuple[int, list[Finding]]:
    """How many policies there are, and what is wrong with them. Raises GateError."""
    judged = [(stack.environment, address, text) for stack in stacks for address, text in policies(stack)]
    texts = json.dumps([*(text for *_, text in judged), _PLANTED])
    found = answer_of([str(python), "-P", "-W", "ignore", str(_LINT)], given=texts)
    if len(found) != len(judged) + 1 or not found[-1]:
        raise GateError("parliament did not do its work: a planted mistake was not found")
    return len(judged), [
        Finding(environment, address, name, one["says"])
        for (environment, address, _), of_policy in zip(judged, found[:-1], strict=True)
        for one in of_policy
        for name in _names(one["issue"], one["actions"])
        if not (address.startswith("aws_iam_role.") and name == _OF_EVERY_TRUST)
    ]


def _names(issue: str, actions: Sequence[str]) -> Iterator[str]:
    """One for each action that parliament names, so that waiving it for one action waives it for no other."""
    yield from (f"{issue}:{action}" for action in actions) if actions else (issue,)
