"""`training-events replay`: a replay of the archive, followed to its end or left."""

import msgspec
import pytest
from training_events import aws
from training_events.recovery import replay as archive

from tests.support.command_line import interrupt_at, parse_document, run_cli

DAY = ("--from", "2026-11-21", "--to", "2026-11-22")


def test_the_document_of_a_replay(account, capsys):
    code, out, _ = run_cli(capsys, "replay", *DAY, "--json")
    document = parse_document("replay", out)
    assert code == 0
    assert document["replay"].startswith("training-replay-20")
    assert document["archive"].endswith(":archive/everything")
    assert (
        document
        | {
            "state": "COMPLETED",
            "from": "2026-11-21T00:00:00.000000Z",
            "to": "2026-11-22T00:00:00.000000Z",
        }
        == document
    )
    assert document.keys() == {"replay", "archive", "state", "from", "to", "last_replayed"}


def test_the_line_of_a_replay(account, capsys):
    code, out, _ = run_cli(capsys, "replay", *DAY)
    assert code == 0
    assert out.startswith("training-replay-")
    assert out.endswith(": replayed 2026-11-21T00:00:00.000000Z to 2026-11-22T00:00:00.000000Z\n")


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED"])
def test_a_replay_that_fails_is_an_error(account, capsys, monkeypatch, state):
    follow = archive.Archive.follow

    def other_end(self, replay):
        for seen in follow(self, replay):
            yield msgspec.structs.replace(seen, state=state, why="as the test wants it")

    monkeypatch.setattr(archive.Archive, "follow", other_end)
    code, out, err = run_cli(capsys, "replay", *DAY, "--json")
    assert (code, parse_document("replay", out)["state"]) == (1, state)
    assert f"is {state}: as the test wants it" in err
    assert run_cli(capsys, "replay", *DAY)[:2] == (1, "")


def test_after_ctrl_c_a_line_says_that_the_replay_goes_on(account, capsys, monkeypatch):
    interrupt_at(monkeypatch, aws.client("events"), "DescribeReplay", after=0)
    code, out, err = run_cli(capsys, "replay", *DAY)
    [replay] = aws.client("events").list_replays()["Replays"]
    assert (code, out) == (130, "")
    assert err.endswith(f"which goes on: aws events describe-replay --replay-name {replay['ReplayName']}\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--from", "2026-11-21", "--to", "9999-01-01"], "lies in the future"),
        (["--from", "2026-11-21", "--to", "2026-11-20"], "is not before the end"),
        (["--from", "2026-11-21", "--to", "soon"], "'soon' is no time; allowed: 2026-11-22"),
        (["--from", "2026"], "'2026' is no time"),
        (["--from", "2026-11-21"], "--to"),
    ],
)
def test_a_period_that_is_wrong_is_2(account, capsys, arguments, message):
    code, out, err = run_cli(capsys, "replay", *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert aws.client("events").list_replays()["Replays"] == []


def test_a_bus_without_an_archive_is_2(account, capsys):
    aws.client("events").delete_archive(ArchiveName="everything")
    code, _, err = run_cli(capsys, "replay", *DAY)
    assert code == 2
    assert "has no archive" in err
