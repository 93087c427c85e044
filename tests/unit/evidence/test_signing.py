"""Who signs provenance of a log on AWS: the notary's function, if the environment names it. Each refusal is one line."""

import json
from io import BytesIO
from typing import Any

import pytest
from botocore.exceptions import ClientError
from training_events import aws
from training_events.errors import NotAttestable
from training_events.event import Event
from training_events.evidence.belonging import Belonging
from training_events.evidence.signing import signed_statement
from training_events.proof.attestation import signed_provenance
from training_events.proof.tree.key_chain import SignedCheckpoint
from training_events.proof.tree.log_checkpoint import LogCheckpoint
from training_events.reading.opening import Sources

from tests.support.fakes import InMemoryLog
from tests.support.signing import KeyInMemory, checked_by_securesystemslib

KEY = KeyInMemory()
SIGNED = SignedCheckpoint(LogCheckpoint(origin=KEY.name, size=0, root=bytes(32)), b"", KEY.public_key, [])


class Notary:
    """Lambda with a notary, which attests as the handler does."""

    def __init__(self, log: InMemoryLog, *, failing: bool = False) -> None:
        self.log, self._failing = log, failing
        self.asked: list[str] = []

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - botocore's names
        self.asked.append(FunctionName)
        if self._failing:
            return {"FunctionError": "Unhandled", "Payload": BytesIO(b'{"errorMessage": "Task timed out"}')}
        return {"Payload": BytesIO(json.dumps(self._answer(json.loads(Payload)["attest"])).encode())}

    def _answer(self, asked: Any) -> dict[str, Any]:
        try:
            return signed_provenance(self.log, asked, KEY)
        except NotAttestable as why:
            return {"refused": str(why)}


class AnotherFunction:
    def invoke(self, **_: Any) -> dict[str, Any]:
        return {"Payload": BytesIO(b"null")}


class Unreachable:
    def invoke(self, **_: Any) -> dict[str, Any]:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not authorized"}}, "Invoke")


def statement(log: InMemoryLog) -> dict[str, Any]:
    about = Belonging("model/digits@3", "model/digits", "3", {})
    return signed_statement(Sources(log, None, None, None), about, SIGNED)


@pytest.fixture
def log() -> InMemoryLog:
    log = InMemoryLog()
    artifact = {"uri": "s3://team/model.joblib", "sha256": "c" * 64}
    log.append(Event("e-1", "run/digits-7", "TrainingStarted", "2026-11-22T15:00:00.000000Z", "tests", {}))
    registered = {"version": 3, "run": "digits-7", "artifact": artifact}
    log.append(Event("e-2", "model/digits", "ModelRegistered", "2026-11-22T15:00:01.000000Z", "tests", registered))
    return log


def test_the_notary_that_the_environment_names_signs(monkeypatch: pytest.MonkeyPatch, log: InMemoryLog):
    notary = Notary(log)
    monkeypatch.setenv("TRAINING_EVENTS_NOTARY", "training-dev-notary")
    monkeypatch.setattr(aws, "client", lambda *_, **__: notary)
    envelope = statement(log)
    assert json.loads(checked_by_securesystemslib(envelope, KEY.public_key))["subject"][0]["name"] == "digits@3"
    assert notary.asked == ["training-dev-notary"]


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (Notary(InMemoryLog()), "the notary signs none: the log has no registered version '3' of a model 'digits'"),
        (Notary(InMemoryLog(), failing=True), "the notary failed: 'Task timed out'"),
        (AnotherFunction(), "names answers as no notary does: 'training-dev-notary'"),
        (Unreachable(), "the notary cannot be asked: .*AccessDenied"),
    ],
)
def test_what_it_does_not_sign_is_told(monkeypatch: pytest.MonkeyPatch, log: InMemoryLog, function: Any, why: str):
    monkeypatch.setenv("TRAINING_EVENTS_NOTARY", "training-dev-notary")
    monkeypatch.setattr(aws, "client", lambda *_, **__: function)
    with pytest.raises(NotAttestable, match=why):
        statement(log)


def test_a_statement_by_another_key_than_the_checkpoints_is_not_taken(monkeypatch: pytest.MonkeyPatch, log: InMemoryLog):
    monkeypatch.setenv("TRAINING_EVENTS_NOTARY", "training-dev-notary")
    monkeypatch.setattr(aws, "client", lambda *_, **__: Notary(log))
    about = Belonging("model/digits@3", "model/digits", "3", {})
    with pytest.raises(NotAttestable, match="has just changed its key"):
        signed_statement(Sources(log, None, None, None), about, SIGNED._replace(key=KeyInMemory().public_key))


def test_without_its_name_there_is_no_signed_provenance(monkeypatch: pytest.MonkeyPatch, log: InMemoryLog):
    monkeypatch.delenv("TRAINING_EVENTS_NOTARY", raising=False)
    with pytest.raises(NotAttestable, match="TRAINING_EVENTS_NOTARY does not name the notary's function"):
        statement(log)
