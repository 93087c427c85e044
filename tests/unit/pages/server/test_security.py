"""Who may ask, and what a browser may do with an answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient
from training_events.pages.server.security import Access, is_own_host

from tests.support.page_server import page_client
from tests.support.pages import text_of

TOKEN = "an-unguessable-token"
OPEN = Access("0.0.0.0", 7788, TOKEN)  # noqa: S104 - nothing listens


def test_every_answer_tells_the_browser_that_nothing_may_run_but_what_is_served_here(client: TestClient):
    for path in ("/run/a", "/run/nothing", "/nothing", "/static/0/page.css", "/data/moments/run/a"):
        headers = client.get(path).headers
        policy = dict(rule.strip().split(" ", 1) for rule in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", ["/run/a", "/nothing", "/static/0/page.css"])
def test_only_reading_is_answered(client: TestClient, method: str, path: str):
    answer = client.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert client.head("/run/a").status_code == 200


LOOPBACK = [
    "localhost",
    "LOCALHOST:7788",
    "127.0.0.1",
    "127.0.0.1:8080",
    "[::1]",
    "[::1]:7788",
    "pages.localhost",
    "localhost.",
]
FOREIGN = [
    "",
    "evil.example",
    "evil.example:7788",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "192.0.2.7",
    "evil@localhost",
]


@pytest.mark.parametrize("host", LOOPBACK)
def test_the_names_of_this_machine_are_answered(client: TestClient, host: str):
    assert client.get("/run/a", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", FOREIGN)
def test_another_name_that_leads_here_is_refused(client: TestClient, host: str):
    answer = client.get("/run/a", headers={"Host": host})
    assert answer.status_code == 400
    assert "digits" not in answer.text
    assert "allowed: localhost" in text_of(answer.text)


@given(st.from_regex(r"[a-z0-9-]{1,20}(\.[a-z0-9-]{1,20}){0,3}", fullmatch=True))
def test_no_name_of_the_dns_is_taken_for_this_machine_at_a_loopback_address(name: str):
    is_local = name == "localhost" or name.endswith(".localhost") or name.startswith("127.")
    assert is_own_host(name, "127.0.0.1") <= is_local


def test_beyond_loopback_its_address_in_numbers_and_its_own_name_are_answered():
    assert is_own_host("192.0.2.7:7788", "0.0.0.0")  # noqa: S104 - nothing listens
    assert is_own_host("trainer.example", "trainer.example")
    assert not is_own_host("evil.example", "0.0.0.0")  # noqa: S104


def test_without_the_token_nothing_of_the_log_is_shown(url: str):
    with page_client(url, OPEN) as client:
        for path in ("/run/a", "/data/moments/run/a", "/live?stream=run/a", "/nothing"):
            answer = client.get(path)
            assert answer.status_code == 401
            assert "?token=" in answer.text
            assert "digits" not in answer.text
            assert "log.db" not in answer.text


def test_a_wrong_token_is_refused_and_says_why(url: str):
    with page_client(url, OPEN) as client:
        for wrong in ("", "another", TOKEN + "x", TOKEN[:-1], "\u00e9"):
            answer = client.get("/run/a", params={"token": wrong})
            assert answer.status_code == 403
            assert "makes a new one each time it starts" in answer.text
            assert "set-cookie" not in answer.headers


def test_the_token_in_the_address_becomes_a_cookie_and_leaves_the_address(url: str):
    with page_client(url, OPEN) as client:
        welcome = client.get("/run/a", params={"as_of": "2026-11-22T15:00:01Z", "token": TOKEN})
        assert (welcome.status_code, welcome.headers["location"]) == (303, "/run/a?as_of=2026-11-22T15%3A00%3A01Z")
        cookie = welcome.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert client.get(welcome.headers["location"]).status_code == 200  # the client keeps cookies, as a browser does
        client.cookies.clear()
        client.cookies.set("training-events-7789", TOKEN)  # that of another port
        assert client.get("/run/a").status_code == 401


def test_a_token_cannot_send_a_browser_to_another_site(url: str):
    with page_client(url, OPEN) as client:
        for path in ("//evil.example/", "//evil.example", "/%2F/evil.example", "/\\evil.example"):
            location = client.get(f"http://localhost:7788{path}?token={TOKEN}").headers["location"]
            assert location.startswith("/")
            assert not location.startswith(("//", "/\\"))


def test_who_comes_from_another_site_is_asked_to_come_again(url: str):
    with page_client(url, OPEN) as client:
        assert client.get("/run/a", headers={"Sec-Fetch-Site": "cross-site"}).headers["refresh"] == "0"
        assert "refresh" not in client.get("/run/a", headers={"Sec-Fetch-Site": "same-origin"}).headers


def test_scripts_and_styles_need_no_token(url: str):
    with page_client(url, OPEN) as client:
        page = client.get("/run/a").text
        style = page.partition('rel="stylesheet" href="')[2].partition('"')[0]
        assert client.get(style).status_code == 200
