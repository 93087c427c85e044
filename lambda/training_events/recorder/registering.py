"""Registers datasets and models, outside of a run: each is stored first, and then recorded.

A wrong argument raises at once, Misused or TypeError. What cannot be stored becomes one warning, and then nothing is recorded:
no event names an object that is not there.
"""

from __future__ import annotations

import operator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from training_events.bus.envelope import to_envelope
from training_events.catalogue.dataset import DatasetRegistered
from training_events.catalogue.model import ModelPromoted, ModelRegistered
from training_events.catalogue.stored import Stored
from training_events.errors import BadLogUrl, LogUnavailable, MissingSetting, Misused, NotRecordable, NotStored
from training_events.event import check_stream, in_one_form
from training_events.recorder.delivery.channel import object_store, recordable
from training_events.recorder.delivery.delivery import Delivery
from training_events.recorder.delivery.destination import configured_destination
from training_events.recorder.delivery.journal import Journal, event_source, produced_here
from training_events.recorder.delivery.spool import Spool, spool_folder
from training_events.recorder.delivery.writer import MAX_EVENT_BYTES
from training_events.recorder.known_names import check_names, has_names
from training_events.recorder.pinning.spec import logged_in
from training_events.recorder.reporting import log
from training_events.recorder.storage.files import local_path
from training_events.recorder.storage.objects import file_name, is_remote, pin
from training_events.redaction.text import redacted_text
from training_events.settings import LAPTOP_LOG, Settings
from training_events.stores.opening import open_store

if TYPE_CHECKING:
    import os

    from training_events.recorder.delivery.destination import Destination


_registered: set[tuple[Destination, str, str]] = set()
"""The versions that this process has registered, and where: the log may not have them yet."""


MAX_SECONDS = 30.0
"""How long a call waits for the bus or the log. Then its event waits in the spool."""


class HasStream(Protocol):
    """A run as `record_run` gives it."""

    @property
    def stream(self) -> str: ...


def register_dataset(
    path: str | os.PathLike[str], *, name: str | None = None, rows: int | None = None, registered_by: str | None = None
) -> Stored | None:
    """Record that a version of a dataset exists: a local file or folder, which is kept first, or an object in S3.

    Its name is by default the file's, without the suffix. `rows` counts its rows; `registered_by` is by default the user that
    is logged in. Returns what is recorded of its content, None if it cannot be stored. Raises Misused, TypeError.
    """
    file = _file_name(path)
    stream = _dataset_stream(PurePosixPath(file).stem if name is None else name)
    count = None if rows is None else operator.index(rows)  # numpy's integers, too; nothing else
    by = _person("registered_by", registered_by)
    stored = _store(path, f"{stream.replace('dataset/', 'datasets/', 1)}/{file}", stream)
    if stored is not None:
        fact = DatasetRegistered(**msgspec.structs.asdict(stored), rows=count, registered_by=by)
        _record(stream, fact)
    return stored


def register_model(
    name: str,
    *,
    version: str | int,
    run: HasStream | str | None = None,
    artifact: Stored | str | os.PathLike[str] | None = None,
    registered_by: str | None = None,
    unchecked: bool = False,
) -> None:
    """Record that a version of a model exists: which run made it, and where it is.

    `run` is a run or its id. `artifact` is what `run.checkpoint` or `run.artifact` returned, or a local file or folder, which
    is kept first, or the URI of an object in S3. Raises TypeError, and Misused, also for the id of a run of which the log has
    no event, unless it is to stay `unchecked`. Where the log cannot be read, it records and warns that it did not check.
    """
    stream = _stream("model", name)
    fact = ModelRegistered(
        _version(version), None if run is None else _run_stream(run), registered_by=_person("registered_by", registered_by)
    )
    if isinstance(run, str) and not unchecked:
        _check_names(stream, fact)
    if artifact is None or isinstance(artifact, Stored):
        stored = artifact
    else:
        key = f"{stream.replace('model/', 'models/', 1)}/{fact.version}/{_file_name(artifact)}"
        stored = _store(artifact, key, stream)
        if stored is None:
            return
    _record(stream, msgspec.structs.replace(fact, artifact=stored))
    _registered.add((configured_destination(Settings()), stream, str(fact.version)))


def promote_model(
    name: str, *, version: str | int, stage: str, promoted_by: str | None = None, unchecked: bool = False
) -> None:
    """Record that from now on this version serves this stage (such as production), and no other does.

    Raises TypeError, and Misused, also for a version that was never registered and for a second spelling of a stage, unless
    these are to stay `unchecked`. Where the log cannot be read, it records and warns that it did not check.
    """
    stream = _stream("model", name)
    fact = ModelPromoted(_version(version), _label("stage", stage), _person("promoted_by", promoted_by))
    if not unchecked:
        _check_names(stream, fact)
    _record(stream, fact)


def _record(stream: str, fact: msgspec.Struct) -> None:
    record_event(stream, type(fact).__name__, msgspec.to_builtins(fact))


def _check_names(stream: str, fact: msgspec.Struct) -> None:
    """Raises Misused. Whatever else goes wrong must not keep the fact from being recorded."""
    if not has_names(fact):
        return
    settings = Settings()
    over_bus = settings.optional("bus") is not None
    url = settings.optional("log") or (None if over_bus else LAPTOP_LOG)
    try:
        store = open_store(url or settings.log)
        to = configured_destination(settings)
        said_here: set[tuple[str, str | None]] = {(of, version) for at, of, version in _registered if at == to}
        said_here |= {(produced, None) for produced in produced_here}
        try:
            check_names(store, stream, fact, said_here=said_here, over_bus=over_bus)
        except Misused as flaw:
            raise Misused(f"{flaw}; unchecked=True records it all the same") from None
    except (MissingSetting, BadLogUrl, LogUnavailable, BotoCoreError, ClientError, OSError) as why:
        log.warning("the names in %s of %s could not be checked: %s", type(fact).__name__, stream, why)


def _store(path: str | os.PathLike[str], key: str, stream: str) -> Stored | None:
    try:
        return pin(path) if is_remote(path) else object_store(Settings()).store(local_path(path), key)
    except NotStored as error:
        log.warning("nothing was recorded of %s: %s", stream, error)
        return None


def _file_name(path: Any) -> str:
    """Raises Misused for a path that names nothing."""
    try:
        return redacted_text(file_name(path) if is_remote(path) else local_path(path).absolute().name)
    except NotStored as flaw:
        raise Misused(str(flaw)) from None


def _dataset_stream(name: Any) -> str:
    stream = _stream("dataset", name)
    if "/" in name:  # S3's own events about `datasets/<name>/<file>` would name another dataset
        raise Misused(f"{name!a:.80} cannot be the name of a dataset: it has a slash")
    return stream


def _run_stream(run: Any) -> str:
    name = run if isinstance(run, str) else getattr(run, "stream", None)
    if not isinstance(name, str):
        raise TypeError(f"run is of type {type(run).__name__}: allowed is what record_run returns, or a run's id")
    return _stream("run", name.removeprefix("run/"))


def _stream(kind: str, name: Any) -> str:
    if redacted_text(_text("name", name)) != name:
        raise Misused(f"the name of a {kind} holds what looks like a credential; give it another one")
    try:
        stream = check_stream(f"{kind}/{in_one_form(name)}")
    except NotRecordable as flaw:
        raise Misused(f"{name!a:.80} cannot be the name of a {kind}: {flaw.what}; allowed: {flaw.allowed}") from None
    if {".", ".."} & set(name.split("/")):  # some programs take these for folders
        raise Misused(f"{name!a:.80} cannot be the name of a {kind}: it has a dot in place of a name")
    return stream


def _version(version: Any) -> str | int:
    if isinstance(version, int) and not isinstance(version, bool):
        return version
    return _label("version", version)


def _label(what: str, value: Any) -> str:
    """A version or a stage in the form of a stream's name, so that no two of them print the same."""
    return _text(what, in_one_form(_text(what, value)))


def _person(role: str, given: Any) -> str | None:
    return logged_in() if given is None else _text(role, given)


def _text(what: str, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{what} is of type {type(value).__name__}: allowed is text")
    if not value.strip():
        raise Misused(f"{what} is empty")
    return value


def record_event(stream: str, type_: str, data: dict[str, Any]) -> None:
    """Send an event, or leave it in the spool. Raises a NotRecordable for data that no event can hold."""
    settings = Settings()
    home, to = spool_folder(settings), configured_destination(settings)
    journal = Journal(stream, source=event_source(settings))
    recorded = recordable(home, stream, object_store(settings))(data, MAX_EVENT_BYTES)
    event = journal.next_event(type_, recorded)
    spool = Spool(home, to, journal.producer)
    try:
        spool.append(to_envelope(event))
        if why := _send(spool, to):
            log.warning(
                "%s of %s cannot be sent to %s: %s; it waits in %s, and is sent by the next recorder, or by"
                " `training-events flush`",
                type_,
                stream,
                to,
                why,
                spool.path.parent,
            )
    finally:
        spool.close()


def _send(spool: Spool, to: Destination) -> str | None:
    """Why the event did not arrive, or None."""
    try:
        unsent = Delivery(to).send_within(MAX_SECONDS, spool)
    except TimeoutError as error:
        return str(error)
    return unsent[0].why if unsent else None
