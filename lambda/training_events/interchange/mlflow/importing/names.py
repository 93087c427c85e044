"""The names of streams: what MLflow has them called, where a stream can be called so, and else one that follows from that."""

from __future__ import annotations

from hashlib import sha256

from training_events import mlflow_ids
from training_events.errors import NotRecordable
from training_events.event import CONTROL, check_stream, in_one_form
from training_events.redaction.text import redacted_text

_MAX_CHARACTERS = 250
_DIGITS = 8


def name_for(kind: str, name: str) -> str:
    """The name of the stream of this kind. Another name than any other's, if a stream cannot be called like this."""
    plain = in_one_form(redacted_text(name))
    try:
        check_stream(f"{kind}/{plain}")
        if not {".", ".."} & set(plain.split("/")):  # some programs take these for folders
            return plain
    except NotRecordable:
        pass
    near = CONTROL.sub(" ", plain).strip()[:_MAX_CHARACTERS]
    return f"{near}~{sha256(name.encode(errors='backslashreplace')).hexdigest()[:_DIGITS]}"


def stream_of_run(run_id: str) -> str:
    return f"run/{mlflow_ids.run_name(run_id, tuple) or run_id}"


def stream_of_logged(model_id: str) -> str:
    return f"model/{model_id}"
