"""IAM policies as JSON texts."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

Statement = dict[str, Any]


def allow(actions: Sequence[str], resources: Sequence[str], when: Mapping[str, Mapping[str, Any]] | None = None) -> Statement:
    """A statement of an identity policy. It may have tokens as texts, but no list that is itself a token: JSON breaks that."""
    statement: Statement = {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    return statement | ({"Condition": when} if when else {})


def deny(actions: Sequence[str], resources: Sequence[str], when: Mapping[str, Mapping[str, Any]] | None = None) -> Statement:
    """A statement of an identity policy that denies a part of what another one allows."""
    return allow(actions, resources, when) | {"Effect": "Deny"}


def policy(*statements: Statement) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def tls_only(actions: str, resources: Sequence[str]) -> Statement:
    """A statement of a resource policy that denies requests without TLS."""
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": actions,
        "Resource": list(resources),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
