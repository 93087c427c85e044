"""When a stream is sealed. Time is what the test says it is."""

import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from training_events.errors import LogAltered
from training_events.event import Event, Producer
from training_events.projection.projector import Projector
from training_events.projection.sealer import MAX_PROMPT, PAUSE_SECONDS, QUIET_SECONDS, Sealer, Sealing
from training_events.proof.verification import verify
from training_events.times import later

from tests.support.fakes import InMemoryReadModels
from tests.support.seals import InMemorySeals, Recorder, TamperedLog

BEGIN = "2026-11-22T15:00:00.000000Z"


class World:
    """A log, its read models and its seals, with one clock. It counts what sealing reads."""

    def __init__(self) -> None:
        self.time = BEGIN
        self.log = TamperedLog(self.now)
        self.read_models = InMemoryReadModels()
        self.seals = CountedSeals()
        self.sealer = Sealer(self.log, self.read_models, self.seals, self.now)
        self._projector = Projector(self.log, self.read_models)
        self._ids = iter(range(10**6))

    def now(self) -> str:
        return self.time

    def wait(self, seconds: float) -> None:
        self.time = later(self.time, seconds)

    def record(self, stream: str, type_: str, producer: Producer | None = None, at: str | None = None) -> Event:
        data = {"version": 1, "points": []}
        event = Event(f"e-{next(self._ids):06d}", stream, type_, at or self.time, "tests", data, producer=producer)
        self.log.append(event)
        return event

    def arrive(self, stream: str) -> Sealing:
        """A batch of the change stream: what was recorded is projected."""
        return self.sealer.after(self._projector.refold(stream).state)

    def say(self, stream: str, type_: str) -> Sealing:
        self.wait(0.001)
        self.record(stream, type_)
        return self.arrive(stream)

    def wake(self) -> list[Sealing]:
        return [self.sealer.wake(name) for name in list(self.sealer.due())]

    def is_covered(self, stream: str) -> bool:
        verification = verify(self.log, self.seals, stream)
        assert verification.sound
        return verification.seals.not_covered == 0


class CountedSeals(InMemorySeals):
    def __init__(self) -> None:
        super().__init__()
        self.requests: Counter[str] = Counter()

    def of(self, stream):
        self.requests["of"] += 1
        return super().of(stream)

    def last(self, stream, known=0):  # noqa: ARG002 - as the protocol has it
        self.requests["last"] += 1
        return next(reversed(super().of(stream)), None)


@pytest.mark.parametrize(("stream", "type_"), [("model/m", "ModelPromoted"), ("dataset/d", "DatasetRegistered")])
def test_a_model_and_a_dataset_are_sealed_at_each_change(stream, type_):
    world = World()
    for number in range(1, 6):
        assert world.say(stream, type_) is Sealing.WRITTEN
        assert len(world.seals.contents) == number
    assert world.is_covered(stream)


def test_after_a_hundred_seals_of_a_day_the_next_one_waits_for_a_quarter_of_an_hour():
    world = World()
    sealings = [world.say("model/m", "ModelPromoted") for _ in range(3 * MAX_PROMPT)]
    written = sealings.count(Sealing.WRITTEN)
    assert MAX_PROMPT <= written <= MAX_PROMPT + 1
    assert len(world.seals.contents) == written
    assert not world.is_covered("model/m")
    assert world.wake() == []
    world.wait(PAUSE_SECONDS)
    assert world.wake() == [Sealing.WRITTEN]
    assert world.is_covered("model/m")
    assert world.wake() == []
    assert world.say("model/m", "ModelPromoted") is Sealing.LATER
    world.wait(24 * 3600)
    assert world.say("model/m", "ModelPromoted") is Sealing.WRITTEN, "the next day has seals of its own"
    assert world.is_covered("model/m")


def test_a_run_is_sealed_when_it_has_ended_and_no_number_is_missing():
    world, recorder = World(), Recorder("p", "run/a")
    first, second, last = (recorder.event(f"e{number}", later(BEGIN, number)) for number in range(3))
    world.log.append(first)
    assert world.arrive("run/a") is Sealing.LATER
    end = Event("e9", "run/a", "TrainingCompleted", later(BEGIN, 9), "tests", {}, producer=Producer("p", 4, last.digest))
    world.log.append(end)
    world.log.append(last)
    assert world.arrive("run/a") is Sealing.LATER, "number 2 may still be on its way"
    world.log.append(second)
    assert world.arrive("run/a") is Sealing.WRITTEN
    assert world.is_covered("run/a")
    world.wait(2 * QUIET_SECONDS)
    assert world.wake() == []


def test_a_run_that_has_ended_and_lacks_an_event_is_sealed_when_it_has_been_quiet():
    world, recorder = World(), Recorder("p", "run/a")
    recorder.event("lost", BEGIN)
    world.log.append(recorder.event("e1", BEGIN))
    assert world.say("run/a", "TrainingCompleted") is Sealing.LATER
    world.wait(QUIET_SECONDS - 1)
    assert world.wake() == []
    world.wait(1)
    assert world.wake() == [Sealing.WRITTEN]
    assert world.is_covered("run/a")


def test_a_run_that_never_ends_is_sealed_when_it_has_been_quiet():
    world = World()
    for _ in range(4):
        assert world.say("run/a", "MetricsRecorded") is Sealing.LATER
        world.wait(QUIET_SECONDS / 2)
        assert world.wake() in ([], [Sealing.LATER])
    assert world.seals.contents == {}
    world.wait(QUIET_SECONDS / 2)
    assert world.wake() == [Sealing.WRITTEN]
    assert world.is_covered("run/a")
    world.wait(QUIET_SECONDS)
    assert world.wake() == []
    assert world.say("run/a", "MetricsRecorded") is Sealing.LATER, "it goes on"
    world.wait(QUIET_SECONDS)
    assert world.wake() == [Sealing.WRITTEN]
    assert world.is_covered("run/a")


def test_a_producer_whose_clock_is_ahead_does_not_put_off_the_seal_for_long():
    world = World()
    world.record("run/a", "MetricsRecorded", at=later(BEGIN, 20 * 3600))
    world.arrive("run/a")
    for _ in range(25):
        world.wait(QUIET_SECONDS)
        world.wake()
    assert world.is_covered("run/a")


def test_a_run_that_goes_on_after_its_end_reads_one_seal_for_each_that_it_gets():
    world = World()
    world.say("run/a", "TrainingCompleted")
    for _ in range(400):
        world.say("run/a", "MetricsRecorded")
        world.wait(30)
        world.wake()
    assert MAX_PROMPT < len(world.seals.contents) < MAX_PROMPT + 400 * 31 / PAUSE_SECONDS + 2
    assert world.seals.requests["of"] == 1, "of the first seal: there is none yet"
    assert world.seals.requests["last"] <= len(world.seals.contents) + 1
    world.wait(PAUSE_SECONDS)
    world.wake()
    assert world.is_covered("run/a")


def test_an_altered_log_raises_and_is_not_tried_for_ever():
    world = World()
    world.say("model/m", "ModelPromoted")
    [record] = world.log.read("model/m")
    later_one = world.record("model/m", "ModelPromoted", at=later(BEGIN, 5))
    world.log.overwrite(later_one, digest="sha256:" + 64 * "0")
    for _ in range(2):
        with pytest.raises(LogAltered):
            world.arrive("model/m")
    assert verify(world.log, world.seals, "model/m").seals.covered == 1
    world.wait(24 * 3600)
    assert world.wake() == []
    assert record.event.stream == "model/m"


NOISE = [b"", b"{", b"[]", b'{"stream":"run/a","at":"yesterday"}', b'{"stream":"run/a","due":"?","attempts":7}']


@pytest.mark.parametrize("content", NOISE)
def test_a_note_that_somebody_put_stops_nothing(content):
    world = World()
    world.say("run/a", "MetricsRecorded")
    [name] = world.read_models.due
    world.read_models.set_note(name, content, due=BEGIN)
    assert world.wake() == [Sealing.LATER]
    assert world.say("run/a", "TrainingCompleted") is Sealing.WRITTEN
    assert world.is_covered("run/a")


def test_a_wrong_number_of_seals_in_a_note_is_harmless():
    world = World()
    for _ in range(3):
        world.say("model/m", "ModelPromoted")
    [(name, content)] = world.read_models.notes.items()
    world.read_models.set_note(name, json.dumps(json.loads(content) | {"seals": 999}).encode())
    assert world.say("model/m", "ModelPromoted") is Sealing.WRITTEN
    assert world.is_covered("model/m")


def test_a_stream_with_the_longest_name_has_a_note():
    world = World()
    stream = "run/" + "é" * 1022
    assert world.say(stream, "MetricsRecorded") is Sealing.LATER
    assert max(len(name.encode()) for name in world.read_models.notes) < 1100
    world.wait(QUIET_SECONDS)
    assert world.wake() == [Sealing.WRITTEN]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["run/a", "model/m"]),
        st.sampled_from(["MetricsRecorded", "TrainingCompleted", "TrainingStarted", "ModelPromoted"]),
        st.sampled_from([0, 1, -5000, 5000]),  # how far the producer's clock is off
        st.sampled_from([0, 60, 1000, 4000]),  # what passes until the next step
        st.booleans(),
    ),
    max_size=25,
)


@given(STEPS)
@settings(deadline=None)
def test_whatever_happens_everything_is_covered_in_the_end(steps):
    """Late events, clocks that are off, batches of several events, runs that go on. Then the log falls silent."""
    world = World()
    for stream, type_, off, pause, delivered in steps:
        world.record(stream, type_, at=later(world.time, off))
        if delivered:
            for name in ("run/a", "model/m"):
                world.arrive(name)
            world.wake()
        world.wait(pause)
    streams = list(world.log.streams())
    for stream in streams:
        world.arrive(stream)
    for _ in range(6):
        world.wait(QUIET_SECONDS)
        world.wake()
    assert all(world.is_covered(stream) for stream in streams)
