"""Credentials inside a text: tokens by their shape, passwords in addresses and connection strings, values with a secret name.

The text may be an address, a connection string, a log line, a traceback or a whole file. What is masked is rather too much than
too little. Each pattern begins where a word does, and is bounded: the time grows with the text, and no faster.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

# Relative, here and beside: `review/redaction` is a link to this folder, and works without the package.
from .addresses import without_credentials
from .names import is_name_of_key, is_secret_name, is_secret_value
from .notations import NOTATIONS
from .tokens import MASK, without_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .notations import Notation

_WORD = re.compile(r"[\w.+\-]*")
"""It has neither a name with a value nor an address: most texts are like this."""
_PASSWORDS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?<![\w\-])((?:-u|--user|--proxy-user)[ =]{1,4}[^\s:\"']{1,80}:)[^\s\"']+",  # curl's
        r"(?i)(\bidentified by )(?:'[^'\n]*'|\"[^\"\n]*\")",
        r"(?i)(\blogin[ ]\S{1,80}[ ]password[ ])\S+",  # .netrc on one line
        r"(?im)^([ \t]*password[ \t]+)\S+(?=[ \t]*$)",  # and on several
        r"(\bredis-cli\b[^\n]{0,200}?[ ]-a[ ]{0,4})[^\s\"'-][^\s\"']*",
        r"(\bwandb login\b[^\n]{0,80}?[ ])[A-Za-z0-9_]{40,}",
        r"(\blogin\(\s{0,40}[bfru]?[\"'])[A-Za-z0-9_]{40,}(?=[\"'])",  # `wandb.login("…")`
        r"(\b(?:mysql\w*|mariadb|sshpass|docker login)\b[^\n]{0,200}?[ ]-p[ ]?)[^\s-]\S*",
    )
)
_ENCODED = re.compile(r"(?<![^\s\"'<>`&#=?])[^\s\"'<>`&#=?]*%(?:25)*3[ADad][^\s\"'<>`&#=?]*")
"""It may hold names with values, whose signs are written as `%3D` and the like."""
_LONG_WORD = re.compile(r"[bfruBFRU]{0,2}\\{0,8}[\"']{0,3}[A-Za-z0-9]{20}")
_WRAPS = re.compile(r"(?:Secret\w*|[Ff]ield|Option|Argument|str|bytes)\($")
"""A call around a value that is there. Others find it elsewhere, such as `environ.get("…")`."""
_QUOTE = re.compile(r"[bfruBFRU]{0,2}(\"\"\"|'''|\\*[\"'])")
_REFERENCE = re.compile(r"\$[A-Z_][A-Z0-9_]*|\$\{[\w.:\-]+\}|%\w+%|None|null|nil|[Tt]rue|[Ff]alse|\*+|<[^<>]*>|")
"""What stands in place of a credential, and is none."""
_NUMBER = re.compile(r"-?\d{1,300}(?:\.\d*)?")
_NAME_OF_VARIABLE = re.compile(r"[A-Z][A-Z0-9]*_[A-Z0-9_]+")


def redacted_text(text: str) -> str:
    """The text with MASK in place of what looks like a credential. Of an address the part before the host's `@` is left out."""
    if _WORD.fullmatch(text):
        return without_tokens(text)
    text = _without_encoded(without_shapes(text))
    for notation in NOTATIONS:
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
    return _without_encoded(without_shapes(source)) != source or any(
        notation.is_command or _is_literal(before, value)
        for notation in NOTATIONS
        for before, value in _secret_values(source, notation)
    )


def _without_encoded(text: str) -> str:
    return _ENCODED.sub(_encoded, text) if "%" in text else text


def _encoded(found: re.Match[str]) -> str:
    """All of it is masked if it holds a credential where its signs are written as they are."""
    plain = unquote(found[0])
    return found[0] if redacted_text(plain) == plain else MASK


def _secret_values(text: str, notation: Notation) -> Iterator[tuple[re.Match[str], re.Match[str]]]:
    """What stands before a credential, and the credential."""
    at = 0 if notation.needs in text else len(text)
    while before := notation.before.search(text, at):
        name = before["name"]
        at = before.end("name")  # what follows a name may be the next one, as in `$env:DB_PASSWORD = "value"`
        may_hold = is_secret_name(name) or (is_name_of_key(name) and _LONG_WORD.match(text, before.end()))
        if may_hold and (value := notation.value.match(text, before.end())):
            content = _content(value[0])
            word = content.rstrip(",.)]}")
            given = 1.0 if _NUMBER.fullmatch(word) else content
            is_reference = _REFERENCE.fullmatch(content) or _REFERENCE.fullmatch(word)
            if not is_reference and is_secret_value(name, given):
                at = before.end()
                yield before, value


def _is_literal(before: re.Match[str], value: re.Match[str]) -> bool:
    is_argument = before[0].endswith("(") and not _WRAPS.search(before[0])
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
