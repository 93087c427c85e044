"""What can go wrong with undelivered, redrive and replay: a setting, a name, the credentials."""

import pytest
from botocore.exceptions import NoCredentialsError
from training_events import aws

from tests.support.command_line import run_cli
from tests.support.fakes import refuse

DAY = ("--from", "2026-11-21", "--to", "2026-11-22")
COMMANDS = [["undelivered"], ["redrive"], ["replay", *DAY]]


@pytest.mark.parametrize(
    ("arguments", "variable"),
    [(["undelivered"], "UNDELIVERED"), (["redrive"], "UNDELIVERED"), (["replay", *DAY], "BUS")],
)
def test_a_missing_setting_is_2(account, capsys, monkeypatch, arguments, variable):
    monkeypatch.delenv(f"TRAINING_EVENTS_{variable}")
    code, out, err = run_cli(capsys, *arguments)
    assert (code, out) == (2, "")
    assert f"TRAINING_EVENTS_{variable} is not set" in err


@pytest.mark.parametrize("queue", ["nonsense", "https://sqs.eu-central-1.amazonaws.com/123456789012/other"])
@pytest.mark.parametrize("arguments", [["undelivered"], ["undelivered", "--json"], ["redrive"], ["redrive", "--json"]])
def test_a_wrong_queue_is_1(account, capsys, arguments, queue):
    code, out, err = run_cli(capsys, *arguments, "--queue", queue)
    assert (code, out) == (1, "")
    assert "queue does not exist" in err


def test_a_wrong_bus_is_1(account, capsys, monkeypatch):
    monkeypatch.setenv("TRAINING_EVENTS_BUS", "other")
    code, out, err = run_cli(capsys, "replay", *DAY)
    assert (code, out) == (1, "")
    assert "ResourceNotFoundException" in err


@pytest.mark.parametrize("arguments", COMMANDS)
def test_missing_credentials_are_1(account, capsys, monkeypatch, arguments):
    def nobody(*_, **__):
        raise NoCredentialsError

    monkeypatch.setattr(aws, "client", nobody)
    code, out, err = run_cli(capsys, *arguments, "--json")
    assert (code, out) == (1, "")
    assert "credentials" in err


@pytest.mark.parametrize(
    ("arguments", "operation"),
    [(["undelivered"], "ReceiveMessage"), (["redrive"], "ReceiveMessage"), (["replay", *DAY], "DescribeEventBus")],
)
def test_expired_credentials_are_1(account, capsys, monkeypatch, arguments, operation):
    make = aws.client

    def expired(service, **more):
        client = make(service, **more)
        refuse(client, operation, float("inf"), "ExpiredToken")
        return client

    monkeypatch.setattr(aws, "client", expired)
    code, out, err = run_cli(capsys, *arguments, "--json")
    assert (code, out) == (1, "")
    assert "ExpiredToken" in err
