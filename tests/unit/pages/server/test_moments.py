"""The positions of the slider."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient
from training_events.event import Event
from training_events.pages.server.moments import MAX_POSITIONS, moments_of_streams
from training_events.reading.opening import Sources
from training_events.times import later

from tests.support.fakes import InMemoryLog
from tests.support.pages import shown_log

START = "2026-11-22T15:00:00.000000Z"


def moments(client: TestClient, address: str):
    answer = client.get(f"/data/moments{address}")
    assert answer.status_code == 200
    return answer.json()


def test_those_of_a_stream_are_the_times_of_its_events(client: TestClient):
    found = moments(client, "/run/a")
    assert found["as_of"] == [f"2026-11-22T15:00:0{second}.000000Z" for second in range(3)]
    assert found["known_at"] == sorted(found["known_at"])
    assert len(found["known_at"]) == 3
    assert found["thinned"] is False


def test_those_of_the_list_of_runs_are_when_each_began_and_ended(client: TestClient):
    assert [time[11:19] for time in moments(client, "/runs")["as_of"]] == ["15:00:00", "15:00:02", "16:00:00"]


def test_those_of_the_lists_of_models_are_all_that_happened_to_models(tmp_path: Path, client: TestClient):
    promoted = {"version": "1", "stage": "production"}
    shown_log(
        tmp_path,
        ("model/digits", "ModelRegistered", "2026-11-22T17:00:00.000000Z", {"version": "1", "run_id": "a"}),
        ("model/digits", "ModelPromoted", "2026-11-22T18:00:00.000000Z", promoted),
    )
    for address in ("/models", "/serving"):
        assert [time[11:19] for time in moments(client, address)["as_of"]] == ["17:00:00", "18:00:00"]


def test_a_page_that_is_always_about_now_has_none_and_says_so(client: TestClient):
    assert client.get("/data/moments/undelivered").status_code == 404
    assert "about now" in client.get("/data/moments/undelivered").text


@pytest.mark.parametrize(("address", "status"), [("/nothing", 404), ("/run/", 400)])
def test_what_has_no_moments(client: TestClient, address: str, status: int):
    assert client.get(f"/data/moments{address}").status_code == status


@given(st.lists(st.integers(0, 10**10), min_size=1, max_size=3000, unique=True))
def test_of_very_many_times_so_many_are_positions_with_the_first_and_the_last(microseconds: list[int]):
    log = InMemoryLog()
    for number in microseconds:
        log.append(Event(str(number), "run/a", "Happened", later(START, number / 1e6), "tests", {}))
    every = sorted({moment.occurred_at for moment in log.moments("run/a")})
    found = moments_of_streams(Sources(log, None, None, None), ["run/a"]).as_of
    assert len(found) == min(len(every), MAX_POSITIONS)
    assert (found[0], found[-1]) == (every[0], every[-1])
    assert found == sorted(set(found))
    assert set(found) <= set(every)
