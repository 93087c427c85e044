"""IAM policies as JSON text."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

Statement = dict[str, Any]


def allow(actions: Sequence[str], resources: Sequence[str], when: Mapping[str, Mapping[str, Any]] | None = None) -> Statement:
    """An identity policy's statement. Text tokens are fine in it; a list that is itself a token is not: JSON breaks it."""
    statement: Statement = {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    return statement | ({"Condition": when} if when else {})


def deny(actions: Sequence[str], resources: Sequence[str], when: Mapping[str, Mapping[str, Any]] | None = None) -> Statement:
    """An identity policy's statement that takes back what a wider one allows."""
    return allow(actions, resources, when) | {"Effect": "Deny"}


def policy(*statements: Statement) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def tls_only(actions: str, resources: Sequence[str]) -> Statement:
    """A resource policy's statement that refuses whoever comes without TLS."""
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": actions,
        "Resource": list(resources),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
