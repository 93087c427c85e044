"""What many threads read at once."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from training_events.pages.server import shared_sources
from training_events.pages.server.shared_sources import SharedSources

from tests.support.page_server import page_client
from tests.support.pages import shown_log, text_of
from tests.support.patience import PATIENCE_SECONDS, until
from tests.support.write_protection import public_folder, write_protected


def test_a_burst_of_requests_brings_states_up_to_date_at_most_twice(monkeypatch: pytest.MonkeyPatch, url: str):
    sources = SharedSources(url)
    updates: list[int] = []
    begun, go_on = threading.Event(), threading.Event()

    def slow(*_: object) -> None:
        updates.append(1)
        begun.set()
        assert go_on.wait(PATIENCE_SECONDS)

    monkeypatch.setattr(shared_sources, "bring_up_to_date", slow)
    asked: list[float] = []

    def clock() -> float:
        asked.append(time.monotonic())
        return asked[-1]

    monkeypatch.setattr(shared_sources, "time", SimpleNamespace(monotonic=clock))
    with ThreadPoolExecutor(9) as threads:
        first = threads.submit(sources.bring_up_to_date)
        assert begun.wait(PATIENCE_SECONDS)
        others = [threads.submit(sources.bring_up_to_date) for _ in range(8)]
        until(lambda: len(asked) >= 2 + 8)
        go_on.set()
        for request in (first, *others):
            request.result(PATIENCE_SECONDS)
    assert len(updates) == 2, "the first one may have missed what the others ask for"
    sources.bring_up_to_date()
    assert len(updates) == 3, "a later request may ask for what came since"


def test_a_long_question_does_not_keep_another_waiting(url: str):
    sources = SharedSources(url)
    with sources.borrowed() as first, sources.borrowed() as second:
        assert first.log is not second.log
    with sources.borrowed() as again:
        assert again.log in (first.log, second.log), "connections are used again"
    sources.close()


def test_a_log_that_can_only_be_read_is_shown():
    with public_folder() as folder:
        shown_log(folder, ("run/a", "TrainingStarted", "2026-11-22T15:00:00.000000Z", {}))
        file = folder / "log.db"
        with page_client(f"sqlite:///{file}") as client:
            client.get("/runs")  # imports what pages need
            client.get("/run/a")
        before = file.read_bytes()
        with write_protected(file, folder), page_client(f"sqlite:///{file}") as client:
            assert "running" in text_of(client.get("/runs").text)
            assert "running" in text_of(client.get("/run/a").text)
        assert file.read_bytes() == before
