"""The stream that a person means, and what to say where there is none: names are long, and typed from memory."""

from __future__ import annotations

import contextlib
import unicodedata
from typing import TYPE_CHECKING

from training_events.errors import BadField, Misused, NoSuchLog, NoSuchStream, UnknownStream
from training_events.event import STREAM_KINDS, check_stream, in_one_form
from training_events.stores.near_names import near_names, near_streams

if TYPE_CHECKING:
    from collections.abc import Iterable

    from training_events.reading.opening import Sources
    from training_events.stores.event_log import EventLog

MAX_SHOWN_CHARACTERS = 80
"""Of a near name: a metric's may be as long as an event, and an error is to be read."""


def stream_of_log(log: EventLog, stream: str) -> str:
    """The stream as the log names it. Raises Misused for what is no name of a stream.

    Its name is in the form that all new streams have. A log of version 0.1.0 may have it in another one.
    """
    try:
        check_stream(stream).encode()
    except UnknownStream as flaw:
        raise Misused(f"{flaw.what}; allowed: {flaw.allowed}{_question(_of_any_kind(log, stream))}") from None
    except BadField as flaw:
        raise Misused(f"{stream!a:.80} is no name of a stream: {flaw.what}; allowed: {flaw.allowed}") from None
    except UnicodeEncodeError:
        raise Misused(f"{stream!a:.80} is no name of a stream: it is no Unicode text") from None
    if stream.isascii():
        return stream
    one_form = in_one_form(stream)
    with contextlib.suppress(NoSuchLog):  # whatever reads the log says so
        for form in dict.fromkeys((stream, one_form, unicodedata.normalize("NFD", stream))):
            if has_events(log, form):
                return form
    return one_form


def has_events(log: EventLog, stream: str) -> bool:
    return next(iter(log.entries(stream)), None) is not None


def _of_any_kind(log: EventLog, name: str) -> list[str]:
    """The streams of this name, which was given without a kind."""
    streams: list[str] = []
    with contextlib.suppress(Exception):  # the log may not be there, and the name may be none
        streams = [stream for stream in (f"{kind}/{name}" for kind in STREAM_KINDS) if has_events(log, check_stream(stream))]
    return streams


def stream_of_kind(log: EventLog, kind: str, name: str) -> str:
    """The stream of this kind with this name, which may have its kind before it. Raises Misused."""
    return stream_of_log(log, f"{kind}/{name.removeprefix(f'{kind}/')}")


def no_such_stream(sources: Sources, stream: str) -> NoSuchStream:
    """The error for a stream of which the log has no event: it tells near names."""
    near: list[str] = []
    with contextlib.suppress(Exception):  # without the right to list streams there are no near names, but the same error
        near = near_streams(sources.log, sources.read_models, stream)
    return NoSuchStream(f"the log has no event of {stream}{_question(near)}")


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """`; did you mean `digits-7`?`, for the names that are near this one; empty where none is."""
    return _question(near_names(name, names))


def _question(names: list[str]) -> str:
    if not names:
        return ""
    shown = (name if len(name) <= MAX_SHOWN_CHARACTERS else f"{name[:MAX_SHOWN_CHARACTERS]}\u2026" for name in names)
    *most, last = (f"`{name}`" for name in shown)
    return f"; did you mean {', '.join(most)} or {last}?" if most else f"; did you mean {last}?"
