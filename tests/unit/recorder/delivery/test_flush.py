"""A flush of what recorders have left comes to its end, whatever the destination does."""

import threading

from training_events.recorder.delivery import flush as module
from training_events.recorder.delivery.destination import Destination
from training_events.recorder.delivery.flush import flush_all
from training_events.recorder.delivery.spool import Spool

from tests.support.patience import PATIENCE_SECONDS

HERE = Destination("bus", "training", "eu-central-1")


def test_an_answer_without_an_end_ends_the_flush_and_nothing_is_lost(tmp_path, monkeypatch):
    answered = threading.Event()
    requests = []

    class Endless:
        def send(self, lines):
            requests.append(lines)
            assert answered.wait(PATIENCE_SECONDS)
            return []

    monkeypatch.setattr(Destination, "sink", lambda *_: Endless())
    monkeypatch.setattr(module, "MAX_ANSWER_SECONDS", 0.01)
    for number in range(3):
        spool = Spool(tmp_path, HERE, f"producer-{number}")
        spool.append(b"1")
        spool.close()
    results = list(flush_all(tmp_path, HERE, lambda _: None))
    assert [(result.sent, result.left, result.why) for result in results] == [(0, 1, "its answer did not end within 0 s")] * 3
    assert len(requests) == 1
    answered.set()
    monkeypatch.setattr(module, "MAX_ANSWER_SECONDS", PATIENCE_SECONDS)
    assert [(result.sent, result.left) for result in flush_all(tmp_path, HERE, lambda _: None)] == [(1, 0)] * 3
