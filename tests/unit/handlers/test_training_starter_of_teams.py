"""With teams, the training starter acts for each in its own name, and for none in that of another."""

import importlib
import json
import sys

import pytest
from msgspec.structs import replace
from training_events import aws
from training_events.event import Event
from training_events.settings import Settings

from tests.support.fakes import Stdout
from tests.support.starter_world import CONTEXT, RECIPE, ROLE, SOURCE, World, envelope, requested

HANDLER = "training_events.handlers.training_starter"
HERE = "111122223333"
TEAMS = {name: {"source": f"my.{name}.training", "accounts": [HERE]} for name in ("a", "b")}
WAITING = f"""\
dataset = "a-digits"
on = "DatasetRegistered"
{RECIPE}[channels]
train = {{ dataset = "a-digits" }}
"""


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


@pytest.fixture
def handler(world, monkeypatch):
    for name, value in {**world.variables(), "TRAINING_EVENTS_TEAMS": json.dumps(TEAMS)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(aws, "client", world.client)
    sys.modules.pop(HANDLER, None)
    module = importlib.import_module(HANDLER)
    monkeypatch.setattr(module.logger.registered_handler, "stream", Stdout())
    monkeypatch.setattr(module, "starter", module.new_starter(Settings(), lambda _: None))
    yield lambda event: module.handler(envelope(event) | {"account": HERE}, CONTEXT)
    sys.modules.pop(HANDLER, None)


def of_team(team: str, event: Event) -> Event:
    return replace(event, source=f"my.{team}.training")


def test_a_job_of_a_team_has_the_teams_role_and_publishes_under_its_source(world, handler):
    world.recipe()
    request = of_team("a", requested("run/a-digits-7", recipe="digits"))
    world.record(request)
    assert handler(request)["outcome"] == "started"
    [job] = world.sagemaker.jobs.values()
    assert job["RoleArn"] == f"{ROLE}-a"
    assert job["Environment"]["TRAINING_EVENTS_SOURCE"] == "my.a.training"


def test_a_job_of_no_team_has_the_role_of_all(world, handler):
    world.recipe()
    request = requested("run/digits-7", recipe="digits")
    world.record(request)
    assert handler(request)["outcome"] == "started"
    [job] = world.sagemaker.jobs.values()
    assert (job["RoleArn"], job["Environment"]["TRAINING_EVENTS_SOURCE"]) == (ROLE, SOURCE)


@pytest.mark.parametrize("recipe", ["b-digits", "b_digits"])
@pytest.mark.parametrize("stream", ["run/a-digits-7", "run/digits-7"])
def test_a_recipe_of_another_team_starts_nothing(world, handler, recipe, stream):
    world.recipe(recipe)
    request = requested(stream, recipe=recipe)
    request = of_team("a", request) if "/a-" in stream else request
    world.record(request)
    result = handler(request)
    assert (result["outcome"], result["reason"]) == ("refused", "unknown_recipe")
    assert world.sagemaker.jobs == {}
    [refused] = world.bus.published
    assert (refused.stream, refused.type) == (stream, "TrainingRefused")
    assert refused.source == ("my.a.training" if "/a-" in stream else SOURCE), "or it would be set aside"
    assert "of the team b" in refused.data["explanation"]


def test_a_teams_own_recipe_starts_its_runs(world, handler):
    world.recipe("a_digits")
    request = of_team("a", requested("run/a-digits-7", recipe="a_digits"))
    world.record(request)
    assert handler(request)["outcome"] == "started"


def test_what_a_version_starts_is_published_under_the_source_of_the_runs_team(world, handler):
    world.recipe("a-digits", WAITING)
    world.recipe("digits", WAITING)
    registered = of_team(
        "a", Event("1", "dataset/a-digits", "DatasetRegistered", "2026-11-22T15:00:00.000000Z", SOURCE, {"uri": "s3://x/y"})
    )
    world.record(registered)
    assert handler(registered)["outcome"] == "requested"
    assert {(event.stream[:7], event.source) for event in world.bus.published} == {
        ("run/a-d", "my.a.training"),
        ("run/dig", SOURCE),
    }


def test_what_the_processor_sets_aside_is_not_waited_for(world, handler):
    world.recipe()
    result = handler(of_team("a", requested("run/b-digits-7", recipe="digits")))
    assert (result["outcome"], result["reason"]) == ("not_recorded", "not_yours")
    assert (world.sagemaker.jobs, world.bus.published) == ({}, [])
