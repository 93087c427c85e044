"""The notations in which a value stands with its name: `name=value`, `--name value`, YAML, a header, source code.

Each pattern begins where a word does, and is bounded: the time grows with the text, and no faster.
"""

from __future__ import annotations

import re
from typing import NamedTuple

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
    r"|(?:(?i:Bearer|Basic|Token|Digest|Bot|ApiKey|Negotiate)[ ]+)?(?:[^\s;&\"'`<\\]|&(?![\w.\-]{1,60}=))+"
)
"""In quotes (escaped ones, and ones without an end too), in ODBC's braces, a list or a call, or up to the next separator."""
_TYPE = r":[ \t]{0,8}[A-Za-z_][\w.]{0,40}(?:\[[\w., |]{0,40}\])?(?:[ ]\|[ ]\w{1,40}){0,3}(?:[ \t]{1,8}=(?=[ \t])|=(?=[\"']))"
_ASSIGNED = r"(?<![\w.\-])(?P<name>[A-Za-z_]\w{0,79})[\"']?\]?[ \t]{0,8}(?::[^=\n]{1,80})?=(?!=)[ \t]{0,8}"
"""`name =`, `name: type =`, `config["name"] =`."""
_FIELD = r"[\w\-]{1,40}=(?:\\?\"[^\"\n]*\"|[^\s,\"'<>`;&\\]+)"
_AUTHORIZATION = r"(?<![\w.])(?P<name>(?i:(?:[\w\-]{1,40}-)?authorization))"
_SCHEME_AND_VALUE = re.compile(
    r"(?!(?i:None|null|nil|true|false)\b)"
    rf"(?:[A-Za-z][\w\-]{{1,40}}[ \t]{{1,4}}(?![*$]))?(?:{_FIELD}|[^\s\"'<>`;&\\]+)(?:,[ \t]{{0,4}}{_FIELD})*"
)
_CALL = r"(?:[A-Za-z_][\w.]{0,60}\((?=[bfru]?[\"']))?"


class Notation(NamedTuple):
    """A way to write a value with its name: `before` matches the name and what is between the two."""

    before: re.Pattern[str]
    value: re.Pattern[str] = _VALUE
    is_command: bool = False
    """Of a shell or a notebook: there a word without quotes is a text, in source code too."""
    needs: str = ""
    """It can only match in a text that holds this: to look for it first is fast."""


NOTATIONS = (
    # the header `Authorization: scheme value`, whatever the scheme: https://www.rfc-editor.org/rfc/rfc9110#section-11.4
    Notation(re.compile(rf"{_AUTHORIZATION}[ \t]{{0,8}}[:=][ \t]{{0,8}}(?![=\s\"'\\{{\[(*$])"), _SCHEME_AND_VALUE),
    Notation(  # and as a text in source code
        re.compile(rf"(?<=[\"']){_AUTHORIZATION}:[ \t]{{0,8}}(?=[A-Za-z][\w\-]{{1,40}}[ \t]{{1,4}}[^\s\"'{{%$*<]+[\"'\\])"),
        _SCHEME_AND_VALUE,
        is_command=True,
    ),
    # a notebook's `%env NAME value`
    Notation(
        re.compile(
            r"(?m)(?:^|(?<=[\"']))[ \t]*(?:%(?:set_)?env|setenv)[ \t]{1,8}(?P<name>[A-Za-z_]\w{0,79})[= \t][ \t]{0,8}(?=\S)"
        ),
        re.compile(r"[^\n\"'\\]+"),
        is_command=True,
        needs="env",
    ),
    # YAML's value on a line of its own: `name:`, `name: |`
    Notation(
        re.compile(
            r"(?m)^(?P<indent>[ \t]{0,40})(?:-[ ]{1,4})?[\"']?(?P<name>[A-Za-z_][\w.\-]{0,79})[\"']?"
            r":[ \t]{0,8}(?:[|>][+\-\d]{0,2})?[ \t]{0,8}\r?\n(?P=indent)[ \t]{1,40}(?=\S)"
        ),
        re.compile(r"[^\r\n]+"),
        needs="\n",
    ),
    # a line of a `.env` file or of a shell: the value has all of the rest
    Notation(
        re.compile(r"(?m)^[ \t]*(?:(?:export|set|setenv|ENV)[ \t]+)?(?P<name>[A-Za-z_]\w{0,79})=(?![\"'$\s])"),
        re.compile(r"[^\n]*"),
    ),
    # `name=value`, `name: value`, `"name": "value"`, `config["name"] = "value"`, `name: str = Secret("value")`
    Notation(
        re.compile(
            r"(?<![\w.\-])(?P<name>[A-Za-z_\-][\w.\-]{0,79})"
            rf"\\*[\"']?\]?[ \t]{{0,8}}(?:=>|:=|{_TYPE}|=(?!=)|:(?!//))[ \t]{{0,8}}{_CALL}"
        )
    ),
    # `--name value`
    Notation(re.compile(r"(?<![\w\-])(?P<name>--?[A-Za-z][\w.\-]{1,79})[ \t]{1,8}(?![\-=])")),
    # `("name", "value"`, `"--name", "value"`: arguments
    Notation(
        re.compile(r"(?:(?<=\([\"'])|(?<=[\"'])(?=--))(?P<name>[A-Za-z_\-][\w.\-]{0,79})[\"'],[ ]?(?![\"']-)"),
        re.compile(_QUOTED),
    ),
    # `<name>value</name>`
    Notation(re.compile(r"<(?P<name>[A-Za-z_][\w:.\-]{0,79})>"), re.compile(r"[^<>]+(?=</)")),
    # the value in source code that holds if there is no other: `name = f(…, default="value")`, `name = x or "value"`,
    # `name = environ.get("x", "value")`, `add_argument("--name", default="value")`
    Notation(
        re.compile(_ASSIGNED + r"[A-Za-z_][\w.]{0,60}\([^()]{0,200}?\bdefault[ ]?=[ ]?(?=[\"'bfruBFRU])"),
        re.compile(_QUOTED),
        needs="default",
    ),
    Notation(
        re.compile(_ASSIGNED + r"[^\n;#=]{1,200}?(?:\b(?:or|else)|\|\||\?\?)[ \t]{1,8}(?=[\"'bfruBFRU])"), re.compile(_QUOTED)
    ),
    Notation(
        re.compile(_ASSIGNED + r"[\w.]{0,60}(?:get|getenv|pop)\([\"'][\w.\-*]{1,80}[\"'],\s{0,40}(?=[\"'bfruBFRU])"),
        re.compile(_QUOTED),
        needs="(",
    ),
    Notation(
        re.compile(
            r"(?:(?<=\([\"'])|(?<=[\"'])(?=-))(?P<name>[A-Za-z\-][\w.\-]{0,79})[\"'],"
            r"(?:(?![\"']--|add_argument|option\()[\s\S]){0,400}?\bdefault[ ]?=[ ]?(?=[\"'bfruBFRU])"
        ),
        re.compile(_QUOTED),
        needs="default",
    ),
    # SQL's `PASSWORD 'value'`
    Notation(re.compile(r"(?i)\b(?P<name>password)[ \t]{1,8}"), re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")),
)
