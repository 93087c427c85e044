"""What is answered at which address."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient
from training_events.errors import LogUnavailable
from training_events.pages.page import Asked
from training_events.pages.server.addresses import UiAddresses
from training_events.stores.sqlite.database import Database

from tests.support.page_server import page_client
from tests.support.pages import shown_log, tags_of, text_of


def test_a_page_is_the_run_as_it_is_now(client: TestClient):
    answer = client.get("/run/a")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["cache-control"] == "no-cache"
    assert "completed" in text_of(answer.text)


def test_a_page_is_the_run_as_it_was(client: TestClient):
    answer = client.get("/run/a", params={"as_of": "2026-11-22T15:00:01Z"})
    assert "running" in text_of(answer.text)
    assert "As of 2026-11-22 15:00:01 UTC : what was true then. Back to now" in text_of(answer.text)


def test_both_times_are_told_and_carried_on_by_links(client: TestClient):
    answer = client.get("/run/a", params={"as_of": "2026-11-22T15:00:01Z", "known_at": "now"})
    links = {
        attributes["href"] for tag, attributes in tags_of(answer.text) if tag == "a" and attributes.get("class") == "stream"
    }
    times = "?as_of=2026-11-22T15%3A00%3A01.000000Z"
    assert f"/model/digits{times}" in links
    assert all(link.endswith(times) for link in links if link is not None)


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/run/c", 404, "the log has no event of run/c"),
        ("/run/a?as_of=2026-11-22T14:00:00Z", 404, "that had occurred by 2026-11-22T14:00:00.000000Z"),
        ("/run/a?as_of=soon", 400, "as_of: 'soon' is no time; allowed: 2026-11-22"),
        ("/run/a?known_at=2026-13-01&as_of=soon", 400, "known_at: '2026-13-01' is no time"),
        ("/run/", 400, "no name of a stream"),
        ("/nothing", 404, "no page is at '/nothing'; allowed: "),
        ("/run", 404, "no page is at '/run'"),
        ("/run/a%C2%9B", 400, "is no name of a stream"),
    ],
)
def test_what_cannot_be_shown_is_a_page_that_says_so(client: TestClient, capfd, path: str, status: int, told: str):
    answer = client.get(path)
    assert answer.status_code == status
    assert told in text_of(answer.text)
    assert capfd.readouterr().err == "", "the mistake is the reader's own"


def test_what_was_typed_as_a_time_stays_in_its_field(client: TestClient):
    [field] = [attributes for _, attributes in tags_of(client.get("/run/a?as_of=soon").text) if attributes.get("id") == "as_of"]
    assert field["value"] == "soon"


def test_a_failure_outside_is_a_page_and_one_line_for_who_runs_the_server(client: TestClient, monkeypatch, capfd):
    def failing(*_: object, **__: object) -> None:
        raise LogUnavailable("the event log x: disk I/O\nerror")

    monkeypatch.setattr(Database, "rows", failing)
    answer = client.get("/run/a")
    assert answer.status_code == 502
    assert "disk I/O error" in text_of(answer.text)
    assert capfd.readouterr().err == "training-events: GET /run/a: the event log x: disk I/O error\n"


def test_a_log_that_is_gone_is_told(client: TestClient, tmp_path: Path):
    assert client.get("/run/a").status_code == 200
    for file in tmp_path.glob("log.db*"):
        file.unlink()
    assert client.get("/run/a").status_code == 502
    assert "was deleted, moved or replaced" in text_of(client.get("/run/a").text)


NAMES = [
    "a b",
    "a/b",
    "..",
    "a/../b",
    ".",
    "//x",
    "a?b=1&c#d",
    "100%",
    "</script>",
    "\u0633\u0644\u0627\u0645",
    "\U0001f600",
    "a\\b",
    "a+b",
]


@pytest.mark.parametrize("name", NAMES)
def test_every_name_has_an_address_that_leads_to_its_page(tmp_path: Path, name: str):
    shown_log(tmp_path, (f"run/{name}", "TrainingStarted", "2026-11-22T15:00:00.000000Z", {}))
    with page_client(f"sqlite:///{tmp_path}/log.db") as client:
        answer = client.get(UiAddresses(Asked()).stream(f"run/{name}"))
        assert answer.status_code == 200
        assert name in text_of(answer.text)


def test_a_static_file_is_kept_by_browsers_and_never_an_old_one(client: TestClient):
    page = client.get("/run/a").text
    [style] = [href for _, attributes in tags_of(page) if (href := attributes.get("href") or "").endswith("/page.css")]
    answer = client.get(style)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/css")
    assert "--ground" in answer.text
    digest = style.split("/")[2]
    for other in (style.replace(digest, "0" * 16), f"/static/{digest}/../server/app.py", f"/static/{digest}/%2e%2e/page.py"):
        assert client.get(other).status_code == 404


def test_new_events_are_there_with_the_next_request(client: TestClient, tmp_path: Path):
    assert "running" in text_of(client.get("/run/b").text)
    shown_log(tmp_path, ("run/b", "TrainingCompleted", "2026-11-22T16:00:05.000000Z", {}))
    assert "completed" in text_of(client.get("/run/b").text)


def test_runs_are_compared_at_an_address_that_names_them(client: TestClient):
    answer = client.get("/compare?run=a&run=b")
    assert "comparison a and b" in text_of(answer.text)
    assert "/compare?run=run%2Fb&run=run%2Fa" in [attributes.get("href") for _, attributes in tags_of(answer.text)]
    for address, status, told in (
        ("/compare?run=a", 400, "the number of runs to compare is 1; allowed: 2 to 50"),
        ("/compare?run=a&run=c", 404, "the log has no event of run/c"),
    ):
        refused = client.get(address)
        assert refused.status_code == status
        assert told in text_of(refused.text)
    assert len(client.get("/data/moments/compare?run=a&run=b").json()["as_of"]) == 4
