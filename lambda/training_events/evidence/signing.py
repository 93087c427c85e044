"""Asks whoever signs the log's checkpoints for signed provenance: on AWS the notary, on a laptop the user's own key."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from training_events.errors import NotAttestable
from training_events.proof.attestation import signed_provenance
from training_events.proof.tree.keys import LaptopKey, key_file
from training_events.settings import Settings
from training_events.stores.sqlite.event_log import SqliteLog

if TYPE_CHECKING:
    from training_events.evidence.belonging import Belonging
    from training_events.proof.tree.key_chain import SignedCheckpoint
    from training_events.reading.opening import Sources

READ_SECONDS = 60.0
"""How long the notary may take: it folds the run's events."""


def signed_statement(sources: Sources, about: Belonging, signed: SignedCheckpoint) -> dict[str, Any]:
    """The envelope with the provenance of this version of a model, signed by the key of the checkpoint.

    Raises NotAttestable where the log has nothing that it could be about, or nobody here can have it signed.
    """
    settings = Settings()
    asked = {"stream": about.stream, "version": about.version}
    if isinstance(sources.log, SqliteLog):
        key = LaptopKey(signed.checkpoint.origin, key_file(settings))
        if key.public_key != signed.key:
            raise NotAttestable("this machine has not the key that signed the log's checkpoint")
        return signed_provenance(sources.log, asked, key)
    notary = settings.optional("notary")
    if notary is None:
        raise NotAttestable("TRAINING_EVENTS_NOTARY does not name the notary's function, which signs it")
    # imported here: with a log in SQLite nobody waits for AWS's SDK
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    from training_events import aws  # noqa: PLC0415

    try:
        client = aws.client("lambda", read_seconds=READ_SECONDS)
        reply = client.invoke(FunctionName=notary, Payload=json.dumps({"attest": asked}).encode())
    except (BotoCoreError, ClientError) as refusal:
        raise NotAttestable(f"the notary cannot be asked: {refusal}") from None
    answer: dict[str, Any] = json.loads(reply["Payload"].read())
    if "FunctionError" in reply:
        raise NotAttestable(f"the notary failed: {answer.get('errorMessage', answer)!a:.300}")
    match answer:
        case {"refused": why}:
            raise NotAttestable(f"the notary signs none: {why}")
        case {"payload": str(), "signatures": [{"keyid": by}]}:
            if by != sha256(signed.key).hexdigest():
                raise NotAttestable("the log has just changed its key, and the notary signed with another one: ask again")
        case _:
            raise NotAttestable(f"what TRAINING_EVENTS_NOTARY names answers as no notary does: {notary!a}")
    return answer
