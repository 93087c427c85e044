"""Registers datasets and models, outside of a run: each is stored first, and then recorded.

A wrong argument raises at once, Misused or TypeError. What cannot be stored becomes one warning, and then nothing is recorded:
no event names an object that is not there.
"""

from __future__ import annotations

import operator
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import msgspec

from training_events.catalogue.dataset import DatasetRegistered
from training_events.catalogue.model import ModelPromoted, ModelRegistered
from training_events.catalogue.stored import Stored
from training_events.errors import Misused, NotStored
from training_events.event import in_one_form
from training_events.recorder.delivery.channel import object_store
from training_events.recorder.identity import named_run, reproduced_run
from training_events.recorder.lifecycle import open_stream
from training_events.recorder.outside_run import check_names_of, note_version, person, record_fact, stream_of, text
from training_events.recorder.pinning.described.dataset import described
from training_events.recorder.reporting import log
from training_events.recorder.run_head import run_head
from training_events.recorder.storage.files import local_path
from training_events.recorder.storage.objects import file_name, is_remote, pin
from training_events.redaction.text import redacted_text
from training_events.settings import Settings

if TYPE_CHECKING:
    import os

    from training_events.recorder.outside_run import HasStream


def register_dataset(
    path: str | os.PathLike[str], *, name: str | None = None, rows: int | None = None, registered_by: str | None = None
) -> Stored | None:
    """Record that a version of a dataset exists: a local file or folder, which is kept first, or an object in S3.

    The run that makes it is recorded too: the one that is open, or else the one that the environment names. Its name is by
    default the file's, without the suffix. `rows` counts its rows; `registered_by` is by default the user that
    is logged in. Returns what is recorded of its content, None if it cannot be stored. Raises Misused, TypeError.

    A Croissant file, a file of DVC (`data.dvc`) and an address of lakeFS describe a dataset: its digest is recorded as it is
    told there, and nothing is kept.
    """
    file = _file_name(path)
    try:
        told = described(path)
    except NotStored as error:
        log.warning("nothing was recorded of %s: %s", file, error)
        return None
    own_name = (told and told.name) or file
    stream = _dataset_stream(PurePosixPath(own_name).stem if name is None else name)
    count = None if rows is None else operator.index(rows)  # numpy's integers, too; nothing else
    by = person("registered_by", registered_by)
    stored = told or _store(path, f"{stream.replace('dataset/', 'datasets/', 1)}/{file}", stream)
    if stored is not None:
        made_by = open_stream() or named_run()
        content = {field: getattr(stored, field) for field in Stored.__struct_fields__}
        digest = None if told is None else told.digest
        record_fact(stream, DatasetRegistered(**content, rows=count, registered_by=by, run=made_by, digest=digest))
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

    How much of the run the log has is recorded too, so that what the run gets later shows. An open run is flushed for that.
    A process that reproduces a run registers nothing, and warns once.
    """
    stream = stream_of("model", name)
    fact = ModelRegistered(
        _version(version), None if run is None else _run_stream(run), registered_by=person("registered_by", registered_by)
    )
    if _makes_no_version():
        return
    if isinstance(run, str) and not unchecked:
        check_names_of(stream, fact)
    if artifact is None or isinstance(artifact, Stored):
        stored = artifact
    else:
        key = f"{stream.replace('model/', 'models/', 1)}/{fact.version}/{_file_name(artifact)}"
        stored = _store(artifact, key, stream)
        if stored is None:
            return
    head = None if fact.run is None else run_head(fact.run, run)
    record_fact(stream, msgspec.structs.replace(fact, artifact=stored, run_head=head))
    note_version(stream, str(fact.version))


def promote_model(
    name: str, *, version: str | int, stage: str, promoted_by: str | None = None, unchecked: bool = False
) -> None:
    """Record that from now on this version serves this stage (such as production), and no other does.

    Raises TypeError, and Misused, also for a version that was never registered and for a second spelling of a stage, unless
    these are to stay `unchecked`. Where the log cannot be read, it records and warns that it did not check.
    A process that reproduces a run promotes nothing, and warns once.
    """
    stream = stream_of("model", name)
    fact = ModelPromoted(_version(version), _label("stage", stage), person("promoted_by", promoted_by))
    if _makes_no_version():
        return
    if not unchecked:
        check_names_of(stream, fact)
    record_fact(stream, fact)


def _makes_no_version() -> bool:
    """Whether this process reproduces a run: what it makes is there already, as what the original made."""
    original = reproduced_run()
    if original is not None:
        _warn_of_reproduction(original)
    return original is not None


@cache
def _warn_of_reproduction(original: str) -> None:
    """Warn once in a process."""
    log.warning("this process reproduces %s, so no model is registered or promoted: what it makes is no new version", original)


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
    stream = stream_of("dataset", name)
    if "/" in name:  # S3's own events about `datasets/<name>/<file>` would name another dataset
        raise Misused(f"{name!a:.80} cannot be the name of a dataset: it has a slash")
    return stream


def _run_stream(run: Any) -> str:
    name = run if isinstance(run, str) else getattr(run, "stream", None)
    if not isinstance(name, str):
        raise TypeError(f"run is of type {type(run).__name__}: allowed is what record_run returns, or a run's id")
    return stream_of("run", name.removeprefix("run/"))


def _version(version: Any) -> str | int:
    if isinstance(version, int) and not isinstance(version, bool):
        return version
    return _label("version", version)


def _label(what: str, value: Any) -> str:
    """A version or a stage in the form of a stream's name, so that no two of them print the same."""
    return text(what, in_one_form(text(what, value)))
