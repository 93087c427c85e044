"""What a team may do to another's streams, files and tables, by the policies as they are synthesized: nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
from training_events.errors import NotYours
from training_events.settings import Settings

from tests.support.options import ACCOUNT, ENVIRONMENT, synthesized_with_options
from tests.support.policies import Request, is_allowed
from tests.support.stack_json import StackJson
from tests.support.team_attempts import (
    ON_OBJECTS,
    ON_TABLES,
    ON_THE_BUS,
    UNDER_ANOTHERS_SOURCE,
    OnAnObject,
    OnATable,
    OnTheBus,
)

STRANGER, OF_SPEECH = "999988887777", "444455556666"
SOURCES = {"vision": "my.vision.training", "speech": "acme.speech"}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/"
PRINCIPALS = {
    "vision": f"{ROLE}vision-training",
    "jobs_of_vision": f"{ROLE}training-{ENVIRONMENT}-training-jobs-vision",
    "jobs": f"{ROLE}training-{ENVIRONMENT}-training-jobs",
    "notebook": f"{ROLE}training-{ENVIRONMENT}-notebook",
}
ADDRESSES = {
    "vision": "teams_vision",
    "jobs_of_vision": "training_starter_jobs_of_vision",
    "jobs": "training_starter_jobs_execution",
    "notebook": "notebook",
}
TABLES = {"event_log": "event_log", "read_model": "read_models", "notary": "notary"}
ANYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}

of_vision = pytest.mark.parametrize("who", ["vision", "jobs_of_vision"])
of_no_team = pytest.mark.parametrize("who", ["notebook", "jobs"])


class Stack:
    """Whether the policies of the stack let one of its programs do something."""

    def __init__(self, stack: StackJson) -> None:
        self.json = stack
        self.bus = stack.reference("aws_cloudwatch_event_bus", "arn")
        self.bucket = stack.reference("aws_s3_bucket", "arn")

    def publishes(self, who: str, *sources: str, also: tuple[Any, ...] = ()) -> bool:
        return self._may(who, ("events:PutEvents", self.bus, {"events:source": sources}), (), also)

    def object(self, who: str, attempt: OnAnObject, also: tuple[Any, ...] = ()) -> bool:
        policy = self._policy("aws_s3_bucket_policy", "data_bucket")
        return self._may(who, (attempt.action, f"{self.bucket}/{attempt.key}"), policy, also)

    def item(self, who: str, attempt: OnATable, also: tuple[Any, ...] = ()) -> bool:
        name = TABLES[attempt.table]
        policies = self.json.all("aws_dynamodb_resource_policy")
        policy = [s for key, it in policies.items() if name in key for s in json.loads(it["policy"])["Statement"]]
        table = self.json.reference("aws_dynamodb_table", "arn", name)
        return self._may(who, (attempt.action, table), policy, also)

    def account_publishes(self, account: str, *sources: str) -> bool:
        request = Request(f"arn:aws:iam::{account}:role/x", "events:PutEvents", self.bus, {"events:source": sources})
        policy = self._policy("aws_cloudwatch_event_bus_policy", "event_bus")
        return is_allowed(request, identity=[ANYTHING], resource=policy, own_account=ACCOUNT)

    def _may(self, who: str, request: tuple[Any, ...], policy: Any, also: tuple[Any, ...]) -> bool:
        identity = [*self.json.role_statements(ADDRESSES[who]), *also]
        return is_allowed(Request(PRINCIPALS[who], *request), identity=identity, resource=policy, own_account=ACCOUNT)

    def _policy(self, kind: str, containing: str) -> list[Any]:
        return list(json.loads(self.json.one(kind, containing)["policy"])["Statement"])


@pytest.fixture(scope="module")
def stack_of_teams(of_teams: StackJson) -> Stack:
    return Stack(of_teams)


def test_the_matrix_has_at_least_thirty_attempts() -> None:
    attempts = [*ON_THE_BUS, *UNDER_ANOTHERS_SOURCE, *ON_OBJECTS, *ON_TABLES]
    assert len({repr(attempt) for attempt in attempts}) == len(attempts) >= 30


@of_vision
@pytest.mark.parametrize("attempt", ON_THE_BUS, ids=str)
def test_under_its_own_source_a_team_says_nothing_of_anothers_streams(
    stack_of_teams: Stack, who: str, attempt: OnTheBus
) -> None:
    """IAM cannot look into an event. The processor can, with what the stack tells it."""
    assert stack_of_teams.publishes(who, SOURCES["vision"])
    function = stack_of_teams.json.one("aws_lambda_function", "event_processor")
    teams = Settings(function["environment"]["variables"]).teams
    with pytest.raises(NotYours):
        teams.check(attempt.stream, SOURCES["vision"], ACCOUNT, delivered=True)


@of_vision
@pytest.mark.parametrize("attempt", UNDER_ANOTHERS_SOURCE, ids=str)
def test_a_team_publishes_under_no_other_source(stack_of_teams: Stack, who: str, attempt: OnTheBus) -> None:
    source = SOURCES[attempt.source_of]
    assert not stack_of_teams.publishes(who, source)
    assert not stack_of_teams.publishes(who, SOURCES["vision"], source), "nor in one request with its own"
    assert not stack_of_teams.publishes(who, source, also=(ANYTHING,)), "nor where other policies allow all"


@of_vision
def test_a_team_publishes_under_its_own_source_alone(stack_of_teams: Stack, who: str) -> None:
    assert stack_of_teams.publishes(who, SOURCES["vision"])
    assert not stack_of_teams.publishes(who, "my.sagemaker.training.jobs")
    assert not stack_of_teams.publishes(who), "nor without any"


@of_vision
@pytest.mark.parametrize("attempt", ON_OBJECTS, ids=str)
def test_a_team_puts_and_removes_nothing_of_anothers_files(stack_of_teams: Stack, who: str, attempt: OnAnObject) -> None:
    assert not stack_of_teams.object(who, attempt)


OPEN = {"fields/run/speech-words-7/points.json", "datasets/of-nobody/train.csv", "undelivered/x.json"}
"""What only the team's own rights keep from it: docs/operate/teams.md."""


@pytest.mark.parametrize("attempt", [attempt for attempt in ON_OBJECTS if attempt.key not in OPEN], ids=str)
def test_nor_where_other_policies_of_its_role_allow_all(stack_of_teams: Stack, attempt: OnAnObject) -> None:
    assert not stack_of_teams.object("vision", attempt, also=(ANYTHING,))


@of_vision
@pytest.mark.parametrize("attempt", ON_TABLES, ids=str)
def test_a_team_writes_into_no_table(stack_of_teams: Stack, who: str, attempt: OnATable) -> None:
    assert not stack_of_teams.item(who, attempt)
    if attempt.table == "event_log":
        assert not stack_of_teams.item(who, attempt, also=(ANYTHING,))


def test_a_team_puts_its_own_files_and_reads_what_all_recorded(stack_of_teams: Stack) -> None:
    for key in (
        "datasets/vision-digits/x",
        "models/vision-digits/1/x",
        "runs/vision-digits-7/x",
        "fields/run/vision-digits-7/x",
    ):
        assert stack_of_teams.object("vision", OnAnObject("put_object", key)), key
    assert stack_of_teams.object("jobs_of_vision", OnAnObject("put_object", "runs/vision-digits-7/output/model.tar.gz"))
    for table in TABLES:
        assert stack_of_teams.item("vision", OnATable("query", table))


@of_no_team
def test_the_stacks_own_programs_are_no_team(stack_of_teams: Stack, who: str) -> None:
    assert stack_of_teams.publishes(who, "my.sagemaker.training.jobs")
    for source in SOURCES.values():
        assert not stack_of_teams.publishes(who, source, also=(ANYTHING,))
    for team in SOURCES:
        for key in (f"models/{team}-x/1/model", f"runs/{team}-x/model", f"datasets/{team}-x/train.csv"):
            assert not stack_of_teams.object(who, OnAnObject("put_object", key), also=(ANYTHING,)), key
            assert not stack_of_teams.object(who, OnAnObject("delete_object", key), also=(ANYTHING,)), key
    assert stack_of_teams.object(who, OnAnObject("put_object", "runs/digits-7/model"))


def test_the_notebook_starts_no_job_in_the_name_of_a_team(stack_of_teams: Stack) -> None:
    job = f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:training-job/"
    statements = stack_of_teams.json.role_statements("notebook")

    def may(name: str) -> bool:
        request = Request(PRINCIPALS["notebook"], "sagemaker:CreateTrainingJob", job + name)
        return is_allowed(request, identity=statements, own_account=ACCOUNT)

    assert (may("digits-7"), may("vision-digits-7"), may("speech-7")) == (True, False, False)


def test_another_account_publishes_under_the_source_of_its_team_alone(stack_of_teams: Stack) -> None:
    assert stack_of_teams.account_publishes(OF_SPEECH, SOURCES["speech"])
    assert not stack_of_teams.account_publishes(OF_SPEECH, SOURCES["vision"])
    assert not stack_of_teams.account_publishes(OF_SPEECH, SOURCES["speech"], SOURCES["vision"])
    assert not stack_of_teams.account_publishes(OF_SPEECH)
    assert not stack_of_teams.account_publishes(STRANGER, SOURCES["speech"])


def test_the_starter_gives_each_teams_jobs_a_role_of_their_own(of_teams: StackJson) -> None:
    roles = of_teams.all("aws_iam_role")
    names = {f"${{aws_iam_role.{key}.arn}}": role["name"] for key, role in roles.items()}
    (passing,) = (s for s in of_teams.role_statements("training_starter_run") if s["Action"] == ["iam:PassRole"])
    shared = f"training-{ENVIRONMENT}-training-jobs"
    assert sorted(names[arn] for arn in passing["Resource"]) == [shared, f"{shared}-speech", f"{shared}-vision"]


def test_as_many_teams_as_are_allowed_fit_into_the_policies_and_a_functions_environment(tmp_path: Path) -> None:
    """With a bucket's ARN, a bus's and a key's in full, where the JSON has references."""
    teams = {
        f"team{number:016d}": {
            "source": f"my.team{number:013d}.training",
            "roles": [f"arn:aws:iam::{ACCOUNT}:role/team-{number:02d}-{role}-of-some-name" for role in range(5)],
            "account_ids": [f"{number:012d}", f"{number + 50:012d}", f"{number + 90:012d}"],
        }
        for number in range(16)
    }
    stack = synthesized_with_options(tmp_path, teams=teams)

    def in_full(text: str) -> str:
        arns = {
            "aws_s3_bucket": f"arn:aws:s3:::training-extra-data-{ACCOUNT}-ap-southeast-1",
            "aws_cloudwatch_event_bus": "x" * 80,
        }
        for kind, arn in arns.items():
            text = text.replace(stack.reference(kind, "arn"), arn)
        return text

    assert len(in_full(stack.one("aws_s3_bucket_policy", "data_bucket")["policy"])) < 20 * 1024
    assert len(in_full(stack.one("aws_cloudwatch_event_bus_policy")["policy"])) < 10 * 1024
    for name, policy in stack.all("aws_iam_role_policy").items():
        assert len(in_full(policy["policy"]).replace(" ", "")) < 10_240, name
    for name, function in stack.all("aws_lambda_function").items():
        variables = function["environment"]["variables"]
        assert sum(len(key) + len(in_full(value)) for key, value in variables.items()) < 4096, name
