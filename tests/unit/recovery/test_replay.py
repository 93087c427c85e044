"""Replaying the archive, with moto's EventBridge and, for what moto does not do, a fake."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from training_events import aws
from training_events.errors import Misused
from training_events.recovery.replay import Archive, Replay
from training_events.times import to_utc_text

from tests.support.dynamodb import aws_in_this_process
from tests.support.strategies import moments

NOW = "2026-11-22T15:08:39.955123Z"
DAY = ("2026-11-21T00:00:00.000000Z", "2026-11-22T00:00:00.000000Z")
RULES = {
    ("record", "ENABLED", "{}"): ["event-processor"],
    ("no-rule", "ENABLED", "{}"): ["undelivered"],
    ("record-aws", "ENABLED", "{}"): ["other", "event-processor"],
    ("record-off", "DISABLED", "{}"): ["event-processor"],
    ("scheduled", "ENABLED"): ["event-processor"],
}


class EventBridge:
    """One bus with its archives, and a replay to which DescribeReplay gives these answers in turn."""

    def __init__(self, *answers, archives=("events",)):
        self.answers, self.archives = list(answers), archives
        self.started = []

    def describe_event_bus(self, Name):  # noqa: N803 - botocore's names
        return {"Arn": f"arn:aws:events:eu-central-1:123456789012:event-bus/{Name}"}

    def list_archives(self, NextToken="0", **_):  # noqa: N803
        number = int(NextToken)  # one archive on each page
        more = {"NextToken": str(number + 1)} if number + 1 < len(self.archives) else {}
        return {"Archives": [{"ArchiveName": name} for name in self.archives[number : number + 1]], **more}

    def describe_archive(self, ArchiveName):  # noqa: N803
        return {"ArchiveArn": f"arn:aws:events:eu-central-1:123456789012:archive/{ArchiveName}"}

    def list_rules(self, EventBusName, NextToken="0"):  # noqa: N803
        assert EventBusName == "training"
        number = int(NextToken)  # one rule on each page
        more = {"NextToken": str(number + 1)} if number + 1 < len(RULES) else {}
        return {"Rules": [{**dict(zip(("Name", "State", "EventPattern"), rule, strict=False)), "Arn": f"arn:{rule[0]}"}
                          for rule in list(RULES)[number : number + 1]], **more}  # fmt: skip

    def list_targets_by_rule(self, Rule, EventBusName):  # noqa: N803
        assert EventBusName == "training"
        found = [target for rule, targets in RULES.items() for target in targets if rule[0] == Rule]
        return {"Targets": [{"Id": target, "Arn": f"arn:{target}"} for target in found]}

    def start_replay(self, **request):
        self.started.append(request)
        return {"State": "STARTING"}

    def describe_replay(self, **_):
        return self.answers.pop(0)


def archive(bridge, pauses=None):
    return Archive("training", bridge, clock=lambda: NOW, sleep=(pauses if pauses is not None else []).append)


def test_a_replay_runs_from_start_to_end_in_moto():
    with aws_in_this_process():
        events = aws.client("events")
        bus = events.create_event_bus(Name="training")["EventBusArn"]
        arn = events.create_archive(ArchiveName="everything", EventSourceArn=bus)["ArchiveArn"]
        events.create_archive(ArchiveName="of-another", EventSourceArn=events.describe_event_bus()["Arn"])
        for name in ("training", bus):
            everything = Archive(name, events)
            started = everything.replay(*DAY)
            *_, ended = everything.follow(started)
            assert (ended.state, ended.archive, ended.first, ended.last) == ("COMPLETED", arn, *DAY)
            assert events.describe_replay(ReplayName=started.name)["Destination"] == {"Arn": bus}


@given(moments, moments)
@example(DAY[0], NOW)  # it ends in the current second
def test_the_request_covers_the_given_period_in_whole_seconds(moment, other_moment):
    first, last = sorted((moment, other_moment))
    bridge = EventBridge()
    try:
        archive(bridge).replay(first, last)
    except Misused:
        assert last > NOW or first[:19] == last[:19] or first[:19] >= NOW[:19]
        return
    [request] = bridge.started
    start, end = (to_utc_text(request[name].isoformat()) for name in ("EventStartTime", "EventEndTime"))
    assert start <= first < last
    assert last <= end or last[:19] == NOW[:19]
    assert {start[19:], end[19:]} == {".000000Z"}
    assert end <= NOW


@pytest.mark.parametrize(
    ("first", "last", "why"),
    [
        (DAY[0], "2026-11-22T15:08:40.000000Z", "in the future"),
        (DAY[1], DAY[0], "not before the end"),
        (DAY[0], DAY[0], "not before the end"),
    ],
)
def test_an_impossible_period_is_refused(first, last, why):
    bridge = EventBridge()
    with pytest.raises(Misused, match=why):
        archive(bridge).replay(first, last)
    assert not bridge.started


@pytest.mark.parametrize(("archives", "why"), [((), "has no archive"), (("a", "b"), "has several archives, a, b")])
def test_a_bus_without_exactly_one_archive_is_refused(archives, why):
    with pytest.raises(Misused, match=why):
        archive(EventBridge(archives=archives)).replay(*DAY)


@pytest.mark.parametrize("end", ["COMPLETED", "FAILED", "CANCELLED"])
def test_following_a_replay_yields_its_states_until_it_has_ended(end):
    half = datetime(2026, 11, 21, 12, tzinfo=UTC)
    later = half.astimezone(tz=None) + timedelta(hours=1)  # botocore answers in the machine's time zone
    answers = [
        {"State": "STARTING"},
        {"State": "RUNNING", "EventLastReplayedTime": half},
        {"State": end, "EventLastReplayedTime": later, "StateReason": "because"},
    ]
    pauses: list[float] = []
    followed = archive(EventBridge(*answers), pauses)
    started = followed.replay(*DAY)
    assert started == Replay("training-replay-20261122T150839.955123Z", started.archive, "STARTING", *DAY)
    replays = list(followed.follow(started))
    assert [replay.state for replay in replays] == ["STARTING", "RUNNING", end]
    assert [replay.last_replayed for replay in replays] == [None, "2026-11-21T12:00:00.000000Z", "2026-11-21T13:00:00.000000Z"]
    assert replays[-1].why == "because"
    assert len(pauses) == 2


def test_a_replay_goes_only_to_the_rules_that_record():
    """Else what no rule takes would be in the undelivered queue once more."""
    bridge = EventBridge()
    archive(bridge).replay(*DAY)
    [request] = bridge.started
    assert request["Destination"]["FilterArns"] == ["arn:record", "arn:record-aws"]


def test_the_name_of_a_replay_is_valid_for_eventbridge():
    bridge = EventBridge()
    archive(bridge).replay(*DAY)
    assert re.fullmatch(r"[.\-_A-Za-z0-9]{1,64}", bridge.started[0]["ReplayName"])  # ReplayName in the API reference
