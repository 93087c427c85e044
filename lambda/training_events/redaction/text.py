"""Credentials inside a text: tokens by their shape, passwords in addresses and connection strings, values with a secret name.

The text may be an address, a connection string, a log line, a traceback or a whole file. What is masked is rather too much than
too little. Each pattern begins where a word does, and is bounded: the time grows with the text, and no faster.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

# Relative, here and beside: `review/redaction` is a link to this folder, and works without the package.
from .addresses import without_credentials
from .names import is_secret_name, is_secret_value
from .tokens import MASK, without_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

_QUOTED = (
    r"[bfruBFRU]{0,2}(?:\"\"\"[\s\S]*?\"\"\"|'''[\s\S]*?'''|\\+\"(?:[^\"\\\n]|\\(?!\"))*\\+\""
    r"|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.|'')*'|[\"'][^\n]*)"
)
_IN_BRACKETS = "|".join(
    rf"\{left}(?:[^\{left}\{right}\n]|\{left}[^\{left}\{right}\n]{{0,500}}+\{right}){{0,500}}+\{right}"
    for left, right in ("()", "[]", "{}")
)
_VALUE = re.compile(
    _QUOTED + r"|\{(?:[^}\n]|\}\}){0,500}+\}(?!\})"
    rf"|[\w.]{{0,60}}+(?:{_IN_BRACKETS})[^\s;&\"'`<\\,)\]}}]*"
    r"|(?:(?:Bearer|Basic|Token|Digest|Bot|ApiKey|Negotiate)[ ]+)?(?:[^\s;&\"'`<\\]|&(?![\w.\-]{1,60}=))+"
)
"""In quotes (escaped ones, and ones without an end too), in ODBC's braces, a list or a call, or up to the next separator."""
_TYPE = r":[ \t]{0,8}[A-Za-z_][\w.]{0,40}(?:\[[\w., |]{0,40}\])?(?:[ ]\|[ ]\w{1,40}){0,3}(?:[ \t]{1,8}=(?=[ \t])|=(?=[\"']))"
_CALL = r"(?:[A-Za-z_][\w.]{0,60}\((?=[bfru]?[\"']))?"


class _Notation(NamedTuple):
    """A way to write a value with its name: `before` matches the name and what is between the two."""

    before: re.Pattern[str]
    value: re.Pattern[str] = _VALUE


_NOTATIONS = (
    # a line of a `.env` file or of a shell: the value has all of the rest
    _Notation(
        re.compile(r"(?m)^[ \t]*(?:(?:export|set|setenv|ENV)[ \t]+)?(?P<name>[A-Za-z_]\w{0,79})=(?![\"'$\s])"),
        re.compile(r"[^\n]*"),
    ),
    # `name=value`, `name: value`, `"name": "value"`, `config["name"] = "value"`, `name: str = Secret("value")`
    _Notation(
        re.compile(
            r"(?<![\w.\-])(?P<name>[A-Za-z_\-][\w.\-]{0,79})"
            rf"\\*[\"']?\]?[ \t]{{0,8}}(?:=>|:=|{_TYPE}|=(?!=)|:(?!//))[ \t]{{0,8}}{_CALL}"
        )
    ),
    # `--name value`
    _Notation(re.compile(r"(?<![\w\-])(?P<name>--?[A-Za-z][\w.\-]{1,79})[ \t]{1,8}(?![\-=])")),
    # `("name", "value"`, `"--name", "value"`: arguments
    _Notation(
        re.compile(r"(?:(?<=\([\"'])|(?<=[\"'])(?=--))(?P<name>[A-Za-z_\-][\w.\-]{0,79})[\"'],[ ]?(?![\"']-)"),
        re.compile(_QUOTED),
    ),
    # `<name>value</name>`
    _Notation(re.compile(r"<(?P<name>[A-Za-z_][\w:.\-]{0,79})>"), re.compile(r"[^<>]+(?=</)")),
    # SQL's `PASSWORD 'value'`
    _Notation(re.compile(r"(?i)\b(?P<name>password)[ \t]{1,8}"), re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")),
)
_WORD = re.compile(r"[\w.+\-]*")
"""It has neither a name with a value nor an address: most texts are like this."""
_PASSWORDS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?<![\w\-])((?:-u|--user|--proxy-user)[ =]{1,4}[^\s:\"']{1,80}:)[^\s\"']+",  # curl's
        r"(?i)(\bidentified by )(?:'[^'\n]*'|\"[^\"\n]*\")",
        r"(?i)(\blogin[ ]\S{1,80}[ ]password[ ])\S+",  # .netrc on one line
        r"(?im)^([ \t]*password[ \t]+)\S+(?=[ \t]*$)",  # and on several
        r"(\b(?:mysql\w*|mariadb|sshpass|docker login)\b[^\n]{0,200}?[ ]-p[ ]?)[^\s-]\S*",
    )
)
_QUOTE = re.compile(r"[bfruBFRU]{0,2}(\"\"\"|'''|\\*[\"'])")
_REFERENCE = re.compile(r"\$[A-Z_][A-Z0-9_]*|\$\{[\w.:\-]+\}|%\w+%|None|null|nil|[Tt]rue|[Ff]alse|\*+|<[^<>]*>|")
"""What stands in place of a credential, and is none."""
_NUMBER = re.compile(r"-?\d{1,300}(?:\.\d*)?")
_NAME_OF_VARIABLE = re.compile(r"[A-Z][A-Z0-9]*_[A-Z0-9_]+")


def redacted_text(text: str) -> str:
    """The text with MASK in place of what looks like a credential. Of an address the part before the host's `@` is left out."""
    if _WORD.fullmatch(text):
        return without_tokens(text)
    text = without_shapes(text)
    for notation in _NOTATIONS:
        parts, done = [], 0
        for before, value in _secret_values(text, notation):
            if before.start() >= done:  # otherwise it is inside the value before
                parts += [text[done : value.start()], _masked(value[0])]
                done = value.end()
        text = "".join([*parts, text[done:]])
    return text


def without_shapes(text: str) -> str:
    """The same, but without regard to names: for a text whose values were judged by their names before."""
    text = without_credentials(without_tokens(text))
    for password in _PASSWORDS:
        text = password.sub(rf"\1{MASK}", text)
    return text


def source_holds_credential(source: str) -> bool:
    """Whether source code holds a credential. In code a word without quotes is a name: `password=password`."""
    return without_shapes(source) != source or any(
        _is_literal(before, value) for notation in _NOTATIONS for before, value in _secret_values(source, notation)
    )


def _secret_values(text: str, notation: _Notation) -> Iterator[tuple[re.Match[str], re.Match[str]]]:
    """What stands before a credential, and the credential."""
    for before in notation.before.finditer(text):
        if is_secret_name(before["name"]) and (value := notation.value.match(text, before.end())):
            content = _content(value[0])
            word = content.rstrip(",.)]}")
            given = 1.0 if _NUMBER.fullmatch(word) else content
            is_reference = _REFERENCE.fullmatch(content) or _REFERENCE.fullmatch(word)
            if not is_reference and is_secret_value(before["name"], given):
                yield before, value


def _is_literal(before: re.Match[str], value: re.Match[str]) -> bool:
    is_argument = before[0].endswith("(")  # of a function that finds the credential elsewhere, such as `environ.get("…")`
    return _QUOTE.match(value[0]) is not None and not is_argument and not _NAME_OF_VARIABLE.fullmatch(_content(value[0]))


def _masked(value: str) -> str:
    """The mask, in the quotes that the value has."""
    content = _content(value)
    before, _, after = value.partition(content) if _QUOTE.match(value) else ("", "", "")
    return f"{before}{MASK}{after}"


def _content(value: str) -> str:
    """The value without its quotes."""
    if not (quote := _QUOTE.match(value)):
        return value
    end = len(value) - len(quote[1]) if value.endswith(quote[1]) and len(value) >= quote.end() + len(quote[1]) else len(value)
    return value[quote.end() : end]
