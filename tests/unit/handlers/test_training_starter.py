"""The training starter's handler, called as Lambda calls it: what is recorded starts a training, once, or is refused."""

import importlib
import json
import sys
from typing import Any

import pytest
from botocore.exceptions import ClientError
from msgspec.structs import replace
from training_events import aws
from training_events.errors import NotRecordedYet
from training_events.event import Event
from training_events.settings import Settings
from training_events.times import hours_after, now
from training_events.training.sagemaker import starter as starter_module

from tests.support.fakes import Stdout
from tests.support.sagemaker import refusal
from tests.support.starter_world import CONTEXT, IMAGE, RECIPE, SOURCE, World, envelope, requested

HANDLER = "training_events.handlers.training_starter"


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def meanwhile():
    """What happens during each of the next sleeps."""
    return []


@pytest.fixture
def handler(world, monkeypatch, pauses, meanwhile):
    """The handler. `pauses` gets how long it would have slept."""

    def sleep(seconds):
        pauses.append(seconds)
        if meanwhile:
            meanwhile.pop(0)()

    for name, value in world.variables().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(aws, "client", world.client)
    sys.modules.pop(HANDLER, None)
    module = importlib.import_module(HANDLER)
    monkeypatch.setattr(module.logger.registered_handler, "stream", Stdout())
    monkeypatch.setattr(module, "starter", module.new_starter(Settings(), sleep))
    yield lambda event: module.handler(event, CONTEXT)
    sys.modules.pop(HANDLER, None)


def printed_lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def recorded_request(world, **given):
    event = requested(**given)
    world.record(event)
    return event


def test_a_recorded_request_starts_the_job_of_its_recipe(handler, world, capsys):
    world.recipe()
    event = recorded_request(world, recipe="digits", hyperparameters={"epochs": 3})
    assert handler(envelope(event)) == {"outcome": "started", "stream": "run/digits-7", "event_id": event.event_id}
    job = world.sagemaker.jobs["digits-7"]
    assert job["RoleArn"] == "arn:aws:iam::111122223333:role/training-dev-training-jobs"
    assert job["AlgorithmSpecification"]["TrainingImage"] == IMAGE
    assert job["HyperParameters"]["epochs"] == "3"
    assert job["Environment"]["TRAINING_EVENTS_BUS"] == "training-dev-events"
    assert {tag["Key"]: tag["Value"] for tag in job["Tags"]} == {
        "environment": "dev",
        "training-events:request": event.event_id,
        "training-events:recipe": "digits",
    }
    metric, line = printed_lines(capsys)
    assert metric["TrainingsStarted"] == [1.0]
    assert (line["outcome"], line["stream"], line["request_id"]) == ("started", "run/digits-7", "request-1")


def test_a_request_that_is_doubled_and_replayed_ten_times_is_one_job(handler, world):
    world.recipe()
    event = recorded_request(world, recipe="digits")
    outcomes = [handler(envelope(event))["outcome"] for _ in range(12)]
    assert outcomes == ["started", *["nothing"] * 11]
    assert len(world.sagemaker.jobs) == 1
    # and after SageMaker's own word on the job
    data = {"status": "Completed", "arn": "arn:aws:sagemaker:x"}
    world.record(Event("s-1", "run/digits-7", "TrainingJobStateChanged", "2026-11-22T16:00:00.000000Z", "aws.sagemaker", data))
    calls = world.sagemaker.calls
    assert [handler(envelope(event))["outcome"] for _ in range(10)] == ["nothing"] * 10
    assert world.sagemaker.calls == calls
    assert world.bus.published == []


def test_what_the_log_has_otherwise_starts_nothing(handler, world):
    world.recipe()
    event = recorded_request(world, recipe="digits")
    assert handler(envelope(replace(event, data={"recipe": "digits", "model": "x"})))["outcome"] == "not_recorded"
    assert world.sagemaker.jobs == {}


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (lambda: envelope(requested(occurred_at=hours_after(now(), 48), recipe="digits")), "in_the_future"),
        (lambda: envelope(requested(recipe="digits")) | {"detail-type": "TrainingRequested" * 20}, "bad_field"),
        (lambda: envelope(requested(recipe="digits")) | {"detail": {}}, "no_stream"),
        (lambda: "nonsense", "not_an_object"),
    ],
)
def test_what_the_log_refuses_starts_nothing(handler, world, event, reason):
    world.recipe()
    result = handler(event())
    assert (result["outcome"], result["reason"]) == ("not_recorded", reason)
    assert world.sagemaker.jobs == {}


def test_an_event_that_is_not_recorded_yet_is_waited_for(handler, world, meanwhile):
    world.recipe()
    event = requested(recipe="digits")
    meanwhile += [lambda: None, lambda: None, lambda: world.record(event)]
    assert handler(envelope(event))["outcome"] == "started"


def test_an_event_that_stays_away_raises_so_that_lambda_tries_again(handler, world, pauses):
    world.recipe()
    event = requested(recipe="digits")
    with pytest.raises(NotRecordedYet, match="run/digits-7 has no event"):
        handler(envelope(event))
    assert pauses == list(starter_module.LOG_PAUSES_SECONDS)
    world.record(event)
    assert handler(envelope(event))["outcome"] == "started"


def test_a_refusal_is_a_fact_of_the_run_and_the_same_one_however_often(handler, world, capsys):
    event = recorded_request(world, recipe="digts")
    world.recipe()
    result = handler(envelope(event))
    (refused,) = world.bus.published
    assert result == {
        "outcome": "refused",
        "stream": "run/digits-7",
        "event_id": event.event_id,
        "reason": "unknown_recipe",
        "published": [refused.event_id],
    }
    assert (refused.stream, refused.type, refused.data["request"]) == ("run/digits-7", "TrainingRefused", event.event_id)
    assert world.state("run/digits-7").status == "refused"
    assert handler(envelope(event))["outcome"] == "nothing"
    metric, *_ = printed_lines(capsys)
    assert (metric["TrainingsRefused"], metric["reason"]) == ([1.0], "unknown_recipe")


def fill(world, instances):
    """Other jobs of this environment."""
    for number in range(instances):
        name = f"other-{number}"
        world.sagemaker.jobs[name] = {
            "TrainingJobName": name,
            "TrainingJobArn": name,
            "TrainingJobStatus": "InProgress",
            "ResourceConfig": {"InstanceCount": 1},
            "Tags": [{"Key": "environment", "Value": "dev"}],
        }


def take_name(world):
    fill(world, 1)
    world.sagemaker.jobs["digits-7"] = world.sagemaker.jobs.pop("other-0") | {
        "TrainingJobName": "digits-7",
        "TrainingJobStatus": "Completed",
    }


REFUSALS: Any = {
    "unknown recipe": ({"recipe": "digts"}, lambda _: None, "unknown_recipe"),
    "broken recipe": ({"recipe": "broken"}, lambda world: world.recipe("broken", "command = 7"), "invalid_recipe"),
    "paused": ({"recipe": "digits"}, lambda world: (world.recipes / "digits.paused").write_text("{}"), "paused"),
    "name": ({"stream": "run/digits_7", "recipe": "digits"}, lambda _: None, "invalid_name"),
    "long name": ({"stream": "run/" + "d" * 64, "recipe": "digits"}, lambda _: None, "invalid_name"),
    "hyperparameter": ({"recipe": "digits", "hyperparameters": {"epoch": 1}}, lambda _: None, "invalid_request"),
    "instances": ({"recipe": "digits"}, lambda world: fill(world, 4), "over_budget"),
    "recipe's budget": (
        {"recipe": "digits"},
        lambda world: [
            world.record(Event(f"s-{n}", f"run/d-{n}", kind, f"2026-11-22T15:00:0{order}.000000Z", SOURCE, data))
            for n in (1, 2)
            for order, (kind, data) in enumerate([("TrainingRequested", {"recipe": "digits"}), ("TrainingStarted", {})])
        ],
        "over_budget",
    ),
    "taken": ({"recipe": "digits"}, take_name, "name_taken"),
    "quota": (
        {"recipe": "digits"},
        lambda world: world.sagemaker.refusals.extend([refusal("ResourceLimitExceeded")] * 9),
        "quota",
    ),
    "validation": (
        {"recipe": "digits"},
        lambda world: world.sagemaker.refusals.append(refusal("ValidationException")),
        "refused_by_sagemaker",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_each_refusal_has_its_reason_and_starts_nothing(handler, world, case):
    data, prepare, reason = REFUSALS[case]
    world.recipe()
    event = recorded_request(world, **data)
    prepare(world)
    jobs = set(world.sagemaker.jobs)
    assert handler(envelope(event))["reason"] == reason
    (refused,) = world.bus.published
    assert refused.data["reason"] == reason
    assert refused.data["explanation"]
    assert set(world.sagemaker.jobs) == jobs


def test_a_job_that_fits_into_the_budget_is_started(handler, world):
    world.recipe()
    fill(world, 3)
    assert handler(envelope(recorded_request(world, recipe="digits")))["outcome"] == "started"


def test_the_jobs_that_sagemaker_knows_count_before_the_read_models_say_so(handler, world):
    world.recipe("digits", RECIPE.replace("max_running = 2", "max_running = 1"))
    first = recorded_request(world, recipe="digits")
    assert handler(envelope(first))["outcome"] == "started"
    second = recorded_request(world, stream="run/digits-8", occurred_at="2026-11-22T15:08:38.000000Z", recipe="digits")
    assert handler(envelope(second))["reason"] == "over_budget"


def test_a_recipe_for_a_worker_is_left_to_it(handler, world):
    world.recipe("laptop", 'command = ["python", "train.py"]\n')
    event = recorded_request(world, recipe="laptop")
    assert handler(envelope(event))["outcome"] == "nothing"
    assert (world.bus.published, world.sagemaker.jobs) == ([], {})


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "InternalFailure"])
def test_what_an_operator_or_time_has_to_mend_raises(handler, world, code):
    world.recipe()
    event = recorded_request(world, recipe="digits")
    world.sagemaker.refusals = [refusal(code)] * 9
    with pytest.raises(ClientError, match=code):
        handler(envelope(event))
    assert world.bus.published == []
    world.sagemaker.refusals = []
    assert handler(envelope(event))["outcome"] == "started"


TRIGGERED = RECIPE.replace("[hyperparameters]", 'dataset = "digits"\non = "DatasetRegistered"\n[hyperparameters]')
TRIGGERED += '[channels]\ntrain = { dataset = "digits" }\n'
S3_EVENT = {
    "id": "1",
    "version": "0",
    "source": "aws.s3",
    "detail-type": "Object Created",
    "account": "111122223333",
    "time": "2026-11-22T15:08:39Z",
    "detail": {
        "bucket": {"name": "data-bucket"},
        "object": {"key": "datasets/digits/digits.npz", "size": 5, "version-id": "v1", "sequencer": "01"},
    },
}


def test_a_new_version_of_a_dataset_asks_for_a_training_once_whoever_tells_of_it(handler, world):
    from training_events.bus.received import event_of  # noqa: PLC0415

    world.recipe("digits", TRIGGERED)
    world.record(event_of(S3_EVENT))
    result = handler(S3_EVENT)
    (asked,) = world.bus.published
    assert (result["outcome"], result["published"]) == ("requested", [asked.event_id])
    assert (asked.type, asked.data["recipe"]) == ("TrainingRequested", "digits")
    told_again = Event(
        "r-1",
        "dataset/digits",
        "DatasetRegistered",
        "2026-11-22T15:08:40.000000Z",
        SOURCE,
        {"uri": "s3://data-bucket/datasets/digits/digits.npz", "version_id": "v1", "sha256": "0" * 64},
    )
    world.record(told_again)
    for event in (S3_EVENT, envelope(told_again), S3_EVENT):
        assert handler(event)["outcome"] == "nothing"
    assert handler(envelope(asked))["outcome"] == "started"
    ((name, job),) = world.sagemaker.jobs.items()
    assert f"run/{name}" == asked.stream
    # SageMaker reads no versions: it gets a copy of the one that started the training
    source = {"Bucket": "data-bucket", "Key": "datasets/digits/digits.npz", "VersionId": "v1"}
    assert source in world.s3.copied.values()
    (channel,) = job["InputDataConfig"]
    assert channel["DataSource"]["S3DataSource"]["S3Uri"].startswith("s3://data-bucket/pinned/")


def test_a_version_that_is_gone_is_a_refusal(handler, world):
    from training_events.bus.received import event_of  # noqa: PLC0415

    world.recipe("digits", TRIGGERED)
    world.record(event_of(S3_EVENT))
    world.s3.gone.add("v1")
    handler(S3_EVENT)
    (asked,) = world.bus.published
    assert handler(envelope(asked))["reason"] == "invalid_request"
    assert "is not there" in world.bus.published[-1].data["explanation"]
    assert world.sagemaker.jobs == {}


def test_a_dataset_that_no_recipe_waits_for_starts_nothing_nor_does_a_broken_recipe_stop_the_others(handler, world):
    world.recipe("broken", "on = 7")
    world.recipe("other", TRIGGERED.replace('dataset = "digits"', 'dataset = "letters"'))
    from training_events.bus.received import event_of  # noqa: PLC0415

    world.record(event_of(S3_EVENT))
    assert handler(S3_EVENT)["outcome"] == "nothing"
    assert world.bus.published == []


FULL: Any = {
    "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
    "OutputDataConfig": {"S3OutputPath": "s3://data-bucket/runs"},
    "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
}


def test_a_request_in_full_starts_a_job_with_the_one_role_and_the_runs_name(handler, world):
    event = recorded_request(world, request=FULL, reproduces="run/digits-6")
    assert handler(envelope(event))["outcome"] == "started"
    job = world.sagemaker.jobs["digits-7"]
    assert job["RoleArn"] == "arn:aws:iam::111122223333:role/training-dev-training-jobs"
    assert {"Key": "environment", "Value": "dev"} in job["Tags"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("RoleArn", "arn:aws:iam::111122223333:role/administrator"),
        ("TrainingJobName", "another"),
        ("AlgorithmSpecification", {}),
        ("AlgorithmSpecifications", {}),
    ],
)
def test_a_request_in_full_that_is_wrong_is_refused_with_the_field(handler, world, field, value):
    event = recorded_request(world, request=FULL | {field: value})
    assert handler(envelope(event))["reason"] == "invalid_request"
    (refused,) = world.bus.published
    assert refused.data["field"].startswith(field)
    assert world.sagemaker.jobs == {}


def test_a_request_in_full_for_more_than_the_budget_is_refused(handler, world):
    large = FULL | {"ResourceConfig": FULL["ResourceConfig"] | {"InstanceCount": 5}}
    event = recorded_request(world, request=large)
    assert handler(envelope(event))["reason"] == "over_budget"


CHANGES: Any = {
    "paused": lambda world: (world.recipes / "digits.paused").write_text("{}"),
    "broken": lambda world: world.recipe("digits", "command = 7"),
    "gone": lambda world: (world.recipes / "digits.toml").unlink(),
    "without its hyperparameter": lambda world: world.recipe("digits", RECIPE.replace("epochs = 8", "steps = 8")),
    "over the budget": lambda world: fill(world, 4),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_after_the_job_was_created_refuses_no_running_training(handler, world, change):
    """The reply was lost, or the function was killed: Lambda tries again, before SageMaker has said anything of the job."""
    world.recipe()
    event = recorded_request(world, recipe="digits", hyperparameters={"epochs": 3})
    world.sagemaker.lost_replies = 1
    handler(envelope(event))
    CHANGES[change](world)
    assert handler(envelope(event))["outcome"] == "nothing"
    assert world.bus.published == []
    assert world.state("run/digits-7").status == "requested"


PREFERRED = [{"InstanceType": "ml.m5.xlarge", "InstanceCount": 5}]
RULE = {"RuleConfigurationName": "r", "RuleEvaluatorImage": IMAGE, "InstanceType": "ml.m5.24xlarge"}
BASE_MODEL = "arn:aws:sagemaker:us-east-1:aws:hub-content/SageMakerPublicHub/Model/some-model/1.0.0"


@pytest.mark.parametrize(
    "more",
    [
        {"ResourceConfig": {"InstancePreferences": PREFERRED, "VolumeSizeInGB": 30}},
        {"DebugRuleConfigurations": [RULE | {"RuleConfigurationName": f"r-{number}"} for number in range(4)]},
        {"ProfilerRuleConfigurations": [RULE | {"RuleConfigurationName": f"r-{number}"} for number in range(4)]},
        {"ServerlessJobConfig": {"BaseModelArn": BASE_MODEL, "JobType": "FineTuning"}, "ResourceConfig": None},
    ],
    ids=["preferences", "debug rules", "profiler rules", "serverless"],
)
def test_no_field_of_a_request_in_full_goes_round_the_budget(handler, world, more):
    full = {name: value for name, value in (FULL | more).items() if value is not None}
    event = recorded_request(world, request=full)
    assert handler(envelope(event))["reason"] == "over_budget"
    assert world.sagemaker.jobs == {}


@pytest.mark.parametrize(
    "asked",
    [
        {"request": FULL | {"x" * 150_000: 1}},
        {"request": FULL | {"HyperParameters": {"x" * 150_000: "1"}}},
        {"recipe": "digits", "hyperparameters": {"x" * 150_000: 1}},
        {"recipe": "x" * 150_000},
    ],
    ids=["field", "full hyperparameter", "hyperparameter", "recipe"],
)
def test_the_refusal_of_a_huge_request_is_small(handler, world, asked):
    world.recipe()
    event = recorded_request(world, **asked)
    assert handler(envelope(event))["outcome"] == "refused"
    (refused,) = world.bus.published
    assert len(str(refused.data)) < 5_000
