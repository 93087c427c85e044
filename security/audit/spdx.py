"""SPDX licence expressions: read, and held against a set of licences.

https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/
"""

import re
from collections.abc import Collection

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

_TOKEN = re.compile(r"[()]|[^\s()]+(?: WITH [^\s()]+)?")


def expression(text: str) -> str | None:
    """The text as an expression in SPDX's own spelling; None where it is none."""
    try:
        return canonicalize_license_expression(text)
    except InvalidLicenseExpression:
        return None


def licences(canonical: str) -> set[str]:
    """What an expression names; a licence with an exception is another than the one without."""
    return {token for token in _TOKEN.findall(canonical) if token not in {"(", ")", "AND", "OR"}}


def permits(canonical: str, allowed: Collection[str]) -> bool:
    """Whether `allowed` is enough: of OR one side has to be in it, of AND both. AND binds more tightly."""
    tokens = _TOKEN.findall(canonical)[::-1]  # the next one is the last

    def operand() -> bool:
        if (name := tokens.pop()) != "(":
            return name in allowed
        inner = alternatives()
        tokens.pop()  # the closing one
        return inner

    def conjunction() -> bool:
        result = operand()
        while tokens and tokens[-1] == "AND":
            tokens.pop()
            result &= operand()
        return result

    def alternatives() -> bool:
        result = conjunction()
        while tokens and tokens[-1] == "OR":
            tokens.pop()
            result |= conjunction()
        return result

    return alternatives()
