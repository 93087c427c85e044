"""The words of a command line as they were typed, of those that bash makes of them where a person presses the tab key.

Bash also splits words at the characters of its COMP_WORDBREAKS, and puts what is offered in the place of the last piece alone.
https://www.gnu.org/software/bash/manual/html_node/Bash-Variables.html#index-COMP_005fWORDBREAKS
"""

from __future__ import annotations

from typing import NamedTuple

_SPLIT_BY_BASH = (":", "=", "@")


class Typed(NamedTuple):
    """The words, and which of them is to be completed."""

    words: list[str]
    current: int
    kept: str
    """What stands before that word without a blank: bash leaves it where it is, and the word goes on with what is offered."""


def typed_words(words: list[str], current: int) -> Typed:
    """Bash makes three words of `sqlite:x`, of `--log=x` and of `digits@3`: they become one again.

    Of `--stage=prod`, where `prod` is to be completed, the option is a word of its own. Of `digits@3`, where `3` is, the rest
    is none: it is kept.
    """
    typed: list[str] = []
    for word in words[:current]:
        if typed and (word[:1] in _SPLIT_BY_BASH or typed[-1][-1:] in _SPLIT_BY_BASH):
            typed[-1] += word
        else:
            typed.append(word)
    last, *after = words[current:] or [""]
    kept = ""
    if typed and (last == "@" or typed[-1].endswith("@")):
        kept = typed.pop().removesuffix("@") + "@"
        last = last.removeprefix("@")
    elif typed:
        typed[-1] = typed[-1].removesuffix("=")
    return Typed([*typed, last, *after], len(typed), kept)
