"""What a model's registration pinned of its run: told when the run gets more, and found when it is no longer there."""

import itertools

import pytest
from msgspec.structs import replace
from training_events.catalogue.model import RunHead
from training_events.event import Event
from training_events.proof.findings import Kind
from training_events.proof.run_head import described, runs_since
from training_events.proof.verification import verify

from tests.support.seals import TamperedLog


def event(number: int, type_: str = "MetricsRecorded", stream: str = "run/a", **data: object) -> Event:
    return Event(f"e{number}", stream, type_, f"2026-11-22T15:00:{number:02d}.000000Z", "tests", data)


def registration(head: RunHead, run: str = "run/a") -> Event:
    pinned = {"events": head.events, "position": head.position, "digest": head.digest}
    return event(30, "ModelRegistered", "model/m", version=1, run=run, run_head=pinned)


def log_with(*events: Event) -> TamperedLog:
    """A log that takes an event each second."""
    seconds = itertools.count()
    log = TamperedLog(lambda: f"2026-11-22T16:00:{next(seconds):02d}.000000Z")
    for each in events:
        log.append(each)
    return log


EVENTS = [event(number, "TrainingStarted" if number == 1 else "MetricsRecorded", n=number) for number in range(1, 6)]
HEAD = RunHead(5, EVENTS[-1].position, EVENTS[-1].digest)


def findings(log: TamperedLog) -> list[tuple[Kind, str]]:
    return [(finding.kind, finding.explanation) for finding in verify(log, None, "model/m").findings]


def test_a_run_that_is_as_it_was_pinned_is_nothing_to_tell():
    assert findings(log_with(*EVENTS, registration(HEAD))) == []


def test_what_the_run_got_since_is_told_and_breaks_nothing():
    late = replace(EVENTS[0], event_id="late", type="CheckpointSaved", occurred_at="2026-11-22T15:00:02.500000Z")
    log = log_with(*EVENTS, registration(HEAD), event(40, "TrainingCompleted"), late)
    verification = verify(log, None, "model/m")
    assert verification.sound
    [finding] = verification.findings
    assert (finding.kind, finding.position) == (Kind.RUN_CONTINUED, registration(HEAD).position)
    assert finding.explanation == (
        "run/a: the run got 2 more event(s) since: 1 CheckpointSaved, 1 TrainingCompleted;"
        " the last was recorded at 2026-11-22T16:00:07.000000Z"
    )


def test_a_run_does_not_go_on_because_others_did_it_again():
    before, after = event(6, "ReproductionRequested", run="run/b"), event(40, "ReproductionVerified", run="run/b")
    head = RunHead(6, before.position, before.digest)
    assert findings(log_with(*EVENTS, before, registration(head), after)) == []
    log = log_with(*EVENTS, before, registration(head), after, event(41, "CheckpointSaved"))
    [(kind, told)] = findings(log)
    assert (kind, "the run got 1 more event(s) since: 1 CheckpointSaved" in told) == (Kind.RUN_CONTINUED, True)
    log.remove(before)
    assert [kind for kind, _ in findings(log)] == [Kind.RUN_ALTERED]


@pytest.mark.parametrize(
    ("tamper", "told"),
    [
        (lambda log: log.remove(EVENTS[-1]), "is not in the log"),
        (lambda log: log.remove(EVENTS[1]), "the run had 5 events when this was registered; of these the log has 4"),
        (lambda log: log.overwrite(replace(EVENTS[-1], data={"n": 9})), "had the digest"),
        (lambda log: log.overwrite(replace(EVENTS[-1], data={"n": 9}), digest=HEAD.digest), "is not what was recorded"),
        (lambda log: [log.remove(each) for each in EVENTS], "is not in the log"),
    ],
)
def test_a_run_that_is_no_longer_as_it_was_pinned_breaks_the_model(tamper, told):
    log = log_with(*EVENTS, registration(HEAD), event(40, "TrainingCompleted"))
    tamper(log)
    verification = verify(log, None, "model/m")
    assert not verification.sound
    [finding] = verification.findings
    assert finding.kind is Kind.RUN_ALTERED
    assert told in finding.explanation


def test_a_registration_that_pins_nothing_is_as_before():
    plain = event(30, "ModelRegistered", "model/m", version=1, run="run/nowhere")
    odd = event(31, "ModelRegistered", "model/m", version=2, run_head="x")
    assert findings(log_with(plain, odd)) == []


def test_further_events_count_as_of_a_time_and_as_known_at_a_time():
    log = log_with(*EVENTS, event(40, "ArtifactSaved"), event(50, "TrainingCompleted"))

    def since(**times: str):
        return runs_since(lambda: log.audit("run/a"), [HEAD], **times)[HEAD]

    assert since().types == {"ArtifactSaved": 1, "TrainingCompleted": 1}
    assert since(as_of="2026-11-22T15:00:45.000000Z").types == {"ArtifactSaved": 1}
    assert since(known_at="2026-11-22T16:00:05.000000Z").types == {"ArtifactSaved": 1}
    early = since(as_of="2026-11-22T15:00:02.000000Z")
    assert (early.events, early.altered, described(early)) == (0, None, None)
