"""There is no secret in the JSON, which becomes an artifact and is reviewed, nor in the outputs, which anybody may print."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.support.stack_json import StackJson

# The shapes of secrets. A secret access key of AWS has only its length, 40, and characters of all three kinds.
SHAPES = [
    re.compile(pattern)
    for pattern in (
        r"\b(AKIA|ASIA)[A-Z0-9]{16}\b",
        r"(?<![\w/+=.-])(?=[\w/+]*[a-z])(?=[\w/+]*[A-Z])(?=[\w/+]*\d)[A-Za-z0-9/+]{40}(?![\w/+=.-])",
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
        r"\b(gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{22}|glpat-[\w-]{20}|xox[abprs]-[\w-]{10,})",
        r"\b(hf_[A-Za-z0-9]{30}|sk-[\w-]{20}|AIza[\w-]{35}|npm_[A-Za-z0-9]{36}|pypi-[\w-]{20}|dckr_pat_[\w-]{20})",
        r"\beyJ[\w-]+\.eyJ[\w-]+\.",
        r"://[^/\s:@]+:[^/\s:@]+@",
        r"(?i)(password|passwd|pwd|secret|token|api_?key|credential)s?\w*['\"]?\s*[=:]\s*['\"]?[^\s'\"$@]{4,}",
        r"(?i)\b(bearer|basic) [\w+/=.-]{12,}|--(password|token|secret) [^\s$]{4,}|(-u|--user) [^\s:$]+:[^\s$]{4,}",
    )
]
SECRET_NAME = re.compile(r"(?i)(password|passwd|secret|token|api_?key|private_?key|credential)")


def _texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text of the JSON, with the keys that lead to it."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, path)


def test_nothing_in_the_json_looks_like_a_secret_or_has_the_name_of_one(stack: StackJson) -> None:
    for path, text in _texts(stack.content):
        assert not [shape.pattern for shape in SHAPES if shape.search(text)], path
        assert not SECRET_NAME.search(path.rsplit(".", 1)[-1]) or text.startswith("${"), path


def test_an_output_is_the_name_or_the_address_of_a_resource(stack: StackJson) -> None:
    for name, output in stack.content["output"].items():
        assert re.fullmatch(r"\$\{aws_\w+\.\w+\.(arn|bucket|function_name|name|url)\}", output["value"]), name
