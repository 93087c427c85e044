"""The pages of a log of either kind, as a browser gets them."""

import pytest

from tests.support.asking import Asked
from tests.support.page_server import page_client
from tests.support.pages import text_of


@pytest.fixture(autouse=True)
def _recorded(asked: Asked) -> None:
    asked.record("dataset/digits", "DatasetRegistered", "14:00:00", uri="s3://b/digits.npz", version_id="v1", sha256="ab" * 32)
    for run in ("a", "b"):
        asked.record(f"run/{run}", "TrainingStarted", "15:00:00", model="digits", hyperparameters={"alpha": ord(run)})
        asked.record(f"run/{run}", "MetricsRecorded", "15:00:01", points=[{"name": "loss", "value": 0.5, "step": 1}])
    asked.record("run/a", "TrainingCompleted", "15:00:02")
    asked.record("model/digits", "ModelRegistered", "16:00:00", version="1", run_id="a")
    asked.record("model/digits", "ModelPromoted", "17:00:00", version="1", stage="production")


PAGES = ["/runs", "/models", "/serving", "/datasets", "/run/a", "/model/digits", "/dataset/digits", "/compare?run=a&run=b",
         "/lineage/model/digits", "/verification", "/verification/run/a", "/undelivered"]  # fmt: skip
IN_TIME = [page for page in PAGES if not page.startswith(("/verification", "/undelivered"))]


@pytest.mark.parametrize("address", PAGES)
def test_every_page_is_shown(asked: Asked, capfd, address: str):
    with page_client(asked.url) as client:
        answer = client.get(address)
    assert answer.status_code == 200, text_of(answer.text)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("address", IN_TIME)
def test_every_page_has_a_past_and_positions_to_move_to(asked: Asked, address: str):
    with page_client(asked.url) as client:
        past = client.get(f"{address}{'&' if '?' in address else '?'}as_of=2026-11-22T18:00:00Z&known_at=now")
        moments = client.get(f"/data/moments{address}").json()
    assert past.status_code == 200, text_of(past.text)
    assert "As of 2026-11-22 18:00:00 UTC" in text_of(past.text)
    assert moments["as_of"]
    assert moments["known_at"]


def test_what_was_in_production_then_is_what_the_page_shows(asked: Asked):
    asked.record("model/digits", "ModelRegistered", "17:30:00", version="2", run_id="b")
    asked.record("model/digits", "ModelPromoted", "18:00:00", version="2", stage="production")
    with page_client(asked.url) as client:
        moments = client.get("/data/moments/serving").json()["as_of"]
        shown = [text_of(client.get("/serving", params={"as_of": moment}).text) for moment in moments]
    assert [moment[11:16] for moment in moments] == ["16:00", "17:00", "17:30", "18:00"]
    assert ["production digits 1" in text for text in shown] == [False, True, True, False]
    assert ["production digits 2" in text for text in shown] == [False, False, False, True]
