"""A training job is created once for a request, whatever SageMaker answers on the way."""

import re

import pytest
from botocore.exceptions import ClientError
from training_events.training.decision import Done, Refuse
from training_events.training.sagemaker.starting import (
    QUOTA_PAUSES_SECONDS,
    THROTTLE_PAUSES_SECONDS,
    Job,
    TrainingJobs,
    instances_of,
)

from tests.support.sagemaker import FakeSageMaker, refusal
from tests.support.training_jobs import JOB, flaws_of

REQUEST = {"TrainingJobName": "digits-7", "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2}}


@pytest.fixture
def sagemaker():
    return FakeSageMaker()


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def jobs(sagemaker, pauses):
    return TrainingJobs(sagemaker, "dev", sleep=pauses.append)


def tags_of(sagemaker, name):
    return {tag["Key"]: tag["Value"] for tag in sagemaker.jobs[name]["Tags"]}


def test_a_job_has_the_tags_by_which_it_is_known_whatever_the_request_says(jobs, sagemaker):
    others = {"team": "vision", "environment": "prod", "Environment": "prod"}
    request = REQUEST | {"Tags": [{"Key": key, "Value": value} for key, value in others.items()]}
    assert jobs.create(request, asked_by="e-1", recipe="digits") is None
    assert tags_of(sagemaker, "digits-7") == {
        "team": "vision",
        "environment": "dev",
        "training-events:request": "e-1",
        "training-events:recipe": "digits",
    }


def test_a_job_of_the_same_request_is_done_and_one_of_another_has_taken_the_name(jobs, sagemaker):
    assert jobs.create(REQUEST, asked_by="e-1", recipe=None) is None
    assert isinstance(jobs.create(REQUEST, asked_by="e-1", recipe=None), Done)
    other = jobs.create(REQUEST, asked_by="e-2", recipe=None)
    assert isinstance(other, Refuse)
    assert (other.reason, other.field) == ("name_taken", "TrainingJobName")
    assert len(sagemaker.jobs) == 1


def test_a_lost_reply_is_no_second_job(jobs, sagemaker):
    sagemaker.lost_replies = 1
    assert isinstance(jobs.create(REQUEST, asked_by="e-1", recipe=None), Done)
    assert len(sagemaker.jobs) == 1


def test_what_is_throttled_is_tried_again_and_then_raised_for_lambda(jobs, sagemaker, pauses):
    sagemaker.refusals = [refusal("ThrottlingException")]
    assert jobs.create(REQUEST, asked_by="e-1", recipe=None) is None
    assert pauses == [THROTTLE_PAUSES_SECONDS[0]]
    pauses.clear()
    sagemaker.refusals = [refusal("ThrottlingException")] * 10
    with pytest.raises(ClientError):
        jobs.create(REQUEST | {"TrainingJobName": "digits-8"}, asked_by="e-2", recipe=None)
    assert pauses == list(THROTTLE_PAUSES_SECONDS)


def test_a_quota_is_asked_for_again_and_then_the_request_is_refused_in_amazons_words(jobs, sagemaker, pauses):
    words = "The account-level service limit 'ml.p5.48xlarge for training job usage' is 0 Instances"
    sagemaker.refusals = [refusal("ResourceLimitExceeded", words)]
    assert jobs.create(REQUEST, asked_by="e-1", recipe=None) is None
    assert pauses == [QUOTA_PAUSES_SECONDS[0]]
    sagemaker.refusals = [refusal("ResourceLimitExceeded", words)] * 10
    pauses.clear()
    assert jobs.create(REQUEST | {"TrainingJobName": "b"}, asked_by="e-2", recipe=None) == Refuse("quota", words)
    assert pauses == list(QUOTA_PAUSES_SECONDS)


@pytest.mark.parametrize("code", ["ValidationException", "ResourceNotFound"])
def test_what_sagemaker_refuses_is_not_tried_again_and_no_credential_is_in_its_words(jobs, sagemaker, pauses, code):
    sagemaker.refusals = [refusal(code, "cannot read https://me:hunter2secret@host/x")]
    refused = jobs.create(REQUEST, asked_by="e-1", recipe=None)
    assert refused.reason == "refused_by_sagemaker"
    assert "cannot read" in refused.explanation
    assert "hunter2secret" not in refused.explanation
    assert (pauses, sagemaker.calls) == ([], 1)


@pytest.mark.parametrize("code", ["AccessDeniedException", "UnrecognizedClientException", "InternalFailure"])
def test_a_missing_right_is_an_operators_to_give(jobs, sagemaker, code):
    sagemaker.refusals = [refusal(code)]
    with pytest.raises(ClientError):
        jobs.create(REQUEST, asked_by="e-1", recipe=None)
    assert sagemaker.calls == 1


def test_of_the_jobs_that_run_those_of_this_environment_count(jobs, sagemaker):
    jobs.create(REQUEST, asked_by="e-1", recipe="digits")
    jobs.create(REQUEST | {"TrainingJobName": "stopping"}, asked_by="e-2", recipe=None)
    jobs.create(REQUEST | {"TrainingJobName": "ended"}, asked_by="e-3", recipe=None)
    TrainingJobs(sagemaker, "prod").create(REQUEST | {"TrainingJobName": "other"}, asked_by="e-4", recipe=None)
    sagemaker.jobs["stopping"]["TrainingJobStatus"] = "Stopping"
    sagemaker.jobs["ended"]["TrainingJobStatus"] = "Completed"
    assert jobs.running() == [Job("digits-7", "digits", 2), Job("stopping", None, 2)]


def test_instances_are_counted_over_groups():
    assert instances_of(REQUEST) == 2
    groups = [{"InstanceType": "ml.m5.xlarge", "InstanceCount": 1}, {"InstanceType": "ml.c5.xlarge", "InstanceCount": 3}]
    assert instances_of({"ResourceConfig": {"InstanceGroups": groups}}) == 4
    assert instances_of({}) == 0


def test_the_instances_of_rules_and_preferences_count():
    rules = {"DebugRuleConfigurations": [{"InstanceType": "ml.r5.24xlarge"}] * 2, "ProfilerRuleConfigurations": [{}]}
    assert instances_of(REQUEST | rules) == 4  # a rule of Amazon's own has no instance of the account's
    preferences = [{"InstanceType": "ml.m5.xlarge", "InstanceCount": 9}, {"InstanceType": "ml.c5.xlarge", "InstanceCount": 3}]
    assert instances_of({"ResourceConfig": {"InstancePreferences": preferences}}) == 9


def test_the_same_event_in_another_environment_has_taken_the_name(jobs, sagemaker):
    TrainingJobs(sagemaker, "prod").create(REQUEST, asked_by="e-1", recipe=None)
    refused = jobs.create(REQUEST, asked_by="e-1", recipe=None)
    assert isinstance(refused, Refuse)
    assert refused.reason == "name_taken"


@pytest.mark.parametrize("event_id", ["e" * 900, "order #7 | (again)", "\u00e9\u0007"])
def test_an_event_id_that_no_tag_can_hold_marks_the_job_all_the_same(jobs, sagemaker, event_id):
    assert jobs.create(REQUEST, asked_by=event_id, recipe=None) is None
    assert flaws_of(JOB | {"Tags": sagemaker.jobs["digits-7"]["Tags"]}) == []
    assert re.fullmatch(r"[\w:]{1,256}", tags_of(sagemaker, "digits-7")["training-events:request"], re.ASCII)
    assert isinstance(jobs.create(REQUEST, asked_by=event_id, recipe=None), Done)
    assert isinstance(jobs.create(REQUEST, asked_by=event_id + "x", recipe=None), Refuse)
