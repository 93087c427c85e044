"""What the guide on starting trainings gives to copy: sound recipes, and examples whose events start one training."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from training_events.bus.received import event_of
from training_events.event import Event
from training_events.stores.event_log import Appended
from training_events.stores.opening import Store
from training_events.training.answer import answer
from training_events.training.decision import Start
from training_events.training.recipe import read_recipe

from tests.support.fakes import InMemoryLog, InMemoryReadModels
from tests.support.paths import ROOT
from tests.support.recipes import recipes_in_memory, text_of_recipe

GUIDE = (ROOT / "docs" / "guides" / "starting-trainings.md").read_text(encoding="utf-8")
EXECUTION = "7b1e6a0c-3d0f-4c55-9f57-2a1f9d1c0b11"
CONTEXT = {
    "$$.Execution.Id": f"arn:aws:states:us-east-1:111122223333:execution:train:{EXECUTION}",
    "$$.Execution.Name": EXECUTION,
    "$$.Execution.StartTime": "2026-11-22T15:08:39.955Z",
    "$$.StateMachine.Name": "train",
    "$.epochs": 20,
}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.+?)```", GUIDE, re.DOTALL)


def evaluated(value: Any) -> Any:
    """What Step Functions makes of a state's parameters: the value of each key that ends with `.$` is a path, or a function."""
    if isinstance(value, list):
        return [evaluated(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key.removesuffix(".$"): _at_path(item) if key.endswith(".$") else evaluated(item) for key, item in value.items()}


def _at_path(path: str) -> Any:
    if match := re.fullmatch(r"States\.Format\('(.+)', (.+)\)", path):
        template, argument = match.groups()
        return template.replace("{}", str(CONTEXT[argument]))
    return CONTEXT[path]


def delivered(entry: dict[str, Any], envelope_id: str) -> Event:
    """The event in the envelope that EventBridge makes of an entry of PutEvents."""
    detail = entry["Detail"] if isinstance(entry["Detail"], dict) else json.loads(entry["Detail"])
    envelope = {
        "id": envelope_id,
        "source": entry["Source"],
        "detail-type": entry["DetailType"],
        "time": "2026-11-22T15:09:00Z",
    }
    return event_of(envelope | {"resources": [], "detail": detail})


def asks_for_one_training(first: Event, again: Event) -> None:
    log, models = InMemoryLog(), InMemoryReadModels()
    assert [log.append(first), log.append(again)] == [Appended.RECORDED, Appended.REPEATED]
    [recorded] = log.read(first.stream)
    recipes = recipes_in_memory(digits=text_of_recipe(on_sagemaker=True))
    decision = answer(recorded, Store(log, models), recipes, by="sagemaker")
    assert isinstance(decision, Start)
    assert decision.asked.hyperparameters is not None
    assert decision.asked.hyperparameters["epochs"] == 20


def test_the_recipes_of_the_guide_are_sound() -> None:
    local, job = blocks("toml")
    digests = job.replace("8f3a…", "0" * 64).replace('sha256 = "…"', f'sha256 = "{"0" * 64}"').replace("s3://…/", "s3://code/")
    assert read_recipe("digits", local).runs_on == "worker"
    assert read_recipe("digits", digests).runs_on == "sagemaker"


def test_the_state_of_step_functions_asks_for_one_training_however_often_it_is_retried() -> None:
    [state] = map(json.loads, blocks("json"))
    assert state["Resource"] == "arn:aws:states:::events:putEvents"
    [entry] = evaluated(state["Parameters"])["Entries"]
    asks_for_one_training(delivered(entry, "envelope-1"), delivered(entry, "envelope-2"))


def test_the_function_of_a_pipelines_lambda_step_asks_for_one_training(monkeypatch: pytest.MonkeyPatch) -> None:
    published: list[dict[str, Any]] = []

    class Client:
        def describe_pipeline_execution(self, **_: str) -> dict[str, Any]:
            return {"CreationTime": datetime(2026, 11, 22, 15, 8, 39, 955000, tzinfo=UTC)}

        def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, int]:  # noqa: N803 - as AWS calls it
            published.extend(Entries)
            return {"FailedEntryCount": 0}

    monkeypatch.setattr(boto3, "client", lambda _: Client())
    [source] = blocks("python")
    names: dict[str, Any] = {}
    exec(source, names)  # noqa: S102 - the guide's own
    step = {"execution": "arn:aws:sagemaker:us-east-1:111122223333:pipeline/train/execution/abc123def456", "epochs": 20}
    assert [names["handler"](step, None) for _ in range(2)] == [{"run": "digits-abc123def456"}] * 2
    first, again = (delivered(entry, f"envelope-{number}") for number, entry in enumerate(published))
    asks_for_one_training(first, again)
