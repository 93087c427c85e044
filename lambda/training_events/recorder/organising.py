"""Names, describes, tags, hides and restores a stream: a run, a model, a dataset or a group that the log has.

A wrong argument raises at once, Misused or TypeError. These are facts like any other: nothing is deleted, and who said it when
stays in the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training_events.catalogue import CATALOGUE
from training_events.catalogue.any_stream import Described, Hidden, Restored, Tagged
from training_events.errors import Misused
from training_events.recorder.labels import batches, tags_of
from training_events.recorder.outside_run import check_names_of, person, record_fact, stream_of, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from training_events.catalogue.any_stream import Tag
    from training_events.recorder.outside_run import HasStream


def tag(
    stream: HasStream | str,
    tags: Mapping[str, Tag | None] | None = None,
    /,
    *,
    by: str | None = None,
    unchecked: bool = False,
    **more: Tag | None,
) -> None:
    """Give a stream tags, as in `tag("run/digits-7", team="vision", note=None)`. None removes a tag; other tags stay.

    The tag `group` names what belongs together: a sweep, a study, a parent run. `tags` takes any names, also those of the
    options. `by` is by default the user that is logged in. Raises TypeError, and Misused, also for a stream of which the log
    has no event, unless it is to stay `unchecked`. Where the log cannot be read, it records and warns that it did not check.
    """
    given = tags_of({**(tags or {}), **more})
    if not given:
        raise Misused("there is no tag: give at least one, as in tag('run/digits-7', team='vision')")
    _record(stream, [Tagged(batch, person("by", by)) for batch in batches(given)], unchecked=unchecked)


def describe(
    stream: HasStream | str,
    description: str | None = None,
    *,
    name: str | None = None,
    by: str | None = None,
    unchecked: bool = False,
) -> None:
    """Give a stream a description, a name to show, or both. An empty text removes one; None leaves it as it is.

    The name of the stream itself never changes. `by`, `unchecked` and what is raised are as with `tag`.
    """
    if description is None and name is None:
        raise Misused("there is neither a description nor a name")
    fact = Described(_text_or_empty("name", name), _text_or_empty("description", description), person("by", by))
    _record(stream, [fact], unchecked=unchecked)


def hide(stream: HasStream | str, *, reason: str, by: str | None = None, unchecked: bool = False) -> None:
    """Leave a stream out of lists, for this reason, until it is restored. Its events stay, and whoever asks for it finds it.

    `by`, `unchecked` and what is raised are as with `tag`.
    """
    _record(stream, [Hidden(text("reason", reason), person("by", by))], unchecked=unchecked)


def restore(stream: HasStream | str, *, reason: str | None = None, by: str | None = None, unchecked: bool = False) -> None:
    """Show a stream in lists again. `by`, `unchecked` and what is raised are as with `tag`."""
    why = None if reason is None else text("reason", reason)
    _record(stream, [Restored(why, person("by", by))], unchecked=unchecked)


def _record(given: Any, facts: list[Tagged] | list[Described] | list[Hidden] | list[Restored], *, unchecked: bool) -> None:
    stream = _stream(given)
    if not unchecked:
        check_names_of(stream, facts[0])
    for fact in facts:
        record_fact(stream, fact)


def _stream(given: Any) -> str:
    stream = given if isinstance(given, str) else getattr(given, "stream", None)
    if not isinstance(stream, str):
        raise TypeError(f"stream is of type {type(given).__name__}: allowed is what record_run returns, or a stream's name")
    kind, _, name = stream.partition("/")
    if kind not in CATALOGUE or not name:
        raise Misused(f"{stream!a:.80} is no stream; allowed: run/<id>, model/<name>, dataset/<name>, group/<name>")
    return stream_of(kind, name)


def _text_or_empty(what: str, value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise TypeError(f"{what} is of type {type(value).__name__}: allowed is text")
