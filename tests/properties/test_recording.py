"""Whatever a training records, and whatever fails on the way: a chain without gaps in the log, and every point once."""

from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from training_events import record_run
from training_events.proof.verification import verify
from training_events.recorder.delivery import sender
from training_events.recorder.delivery.destination import Destination, configured_destination
from training_events.recorder.delivery.flush import flush_all
from training_events.recorder.delivery.spool import spool_folder
from training_events.settings import Settings

from tests.support.faulty_sink import FAULTS, FaultySink
from tests.support.full_disk import full_disk
from tests.support.recording import points

steps = st.sampled_from(["metric", "metric", "metric", "metrics", "checkpoint", "flush", "disk full", "disk free"])


@pytest.fixture(autouse=True)
def _anywhere(tmp_path_factory, monkeypatch):
    spool = tmp_path_factory.mktemp("spool")
    monkeypatch.setenv("TRAINING_EVENTS_SPOOL", str(spool))
    monkeypatch.setenv("TRAINING_EVENTS_LOG", f"sqlite:///{spool}/nothing-is-sent-there.db")
    monkeypatch.delenv("TRAINING_EVENTS_BUS", raising=False)
    monkeypatch.delenv("TRAINING_EVENTS_BUCKET", raising=False)
    monkeypatch.setattr(sender, "FIRST_PAUSE_SECONDS", 0.001)


@settings(max_examples=60)
@given(actions=st.lists(steps, max_size=25), faults=st.lists(st.sampled_from(FAULTS), max_size=25))
def test_everything_is_recorded_once(actions, faults):
    sink = FaultySink(faults)
    expected, stored, disk = [], 0, 2**40
    with patch.object(Destination, "sink", lambda *_: sink):
        with record_run(run_id="r") as run:
            for step, action in enumerate(actions):
                with full_disk(disk):
                    match action:
                        case "metric" | "metrics":
                            getattr(run, action)(*({"loss": step},) if action == "metrics" else ("loss", step), step=step)
                            expected.append((step, step))
                        case "checkpoint":
                            stored += run.checkpoint(__file__, step=step) is not None
                        case "flush":
                            run.flush()
                        case _:
                            disk = 0 if action == "disk full" else 2**40
        sink.recover()
        assert [
            one for one in flush_all(spool_folder(Settings()), configured_destination(Settings()), lambda _: None) if one.left
        ] == []
    verification = verify(sink.log, None, run.stream)
    assert (verification.sound, verification.complete) == (True, True)
    assert [chain.complete_up_to for chain in verification.producers] == [run.recorded]
    events = [record.event for record in sink.log.read(run.stream)]
    assert points(events)["loss"] == expected
    assert [event.type for event in events].count("CheckpointSaved") == stored == actions.count("checkpoint")
    assert (events[0].type, events[-1].type) == ("TrainingStarted", "TrainingCompleted")
