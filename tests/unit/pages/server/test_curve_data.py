"""The address from which charts get their points."""

import json

import pytest

FIRST = {"run": "run/a", "metric": "loss"}


def test_a_chart_gets_the_points_of_its_metric(client):
    answer = client.get("/data/curves", params={**FIRST, "from": "0", "to": "2", "axis": "step", "pixels": "600"})
    assert answer.headers["content-type"] == "application/json"
    document = json.loads(answer.text)
    [trace] = document["traces"]
    assert (document["metric"], document["points"], trace["run"], trace["points"]) == ("loss", 1, "a", 1)


def test_the_page_of_a_run_names_that_address(client):
    page = client.get("/run/a").text
    assert 'data-source="/data/curves?run=run%2Fa&amp;metric=loss"' in page
    assert client.get("/data/curves?run=run%2Fa&metric=loss").status_code == 200


def test_it_answers_for_a_past_time(client):
    before = client.get("/data/curves", params={**FIRST, "as_of": "2026-11-22T15:00:00Z"})
    assert json.loads(before.text)["traces"] == []


@pytest.mark.parametrize(
    ("parameters", "status", "says"),
    [
        ({"run": "a"}, 400, "the address names no run or no metric"),
        ({**FIRST, "axis": "epoch"}, 400, "axis is 'epoch'; allowed: step or time"),
        ({**FIRST, "from": "x"}, 400, "from is 'x'; allowed: a number"),
        ({**FIRST, "pixels": "nan"}, 400, "pixels is 'nan'; allowed: a number"),
        ({**FIRST, "metric": "los"}, 400, "there is no metric 'los' in run/a; did you mean `loss`?"),
        ({**FIRST, "run": "nothing"}, 404, "the log has no event of run/nothing"),
    ],
)
def test_what_it_cannot_answer_is_one_line(client, parameters, status, says):
    answer = client.get("/data/curves", params=parameters)
    assert (answer.status_code, len(answer.text.splitlines())) == (status, 1)
    assert says in answer.text


def test_infinite_ends_are_no_ends(client):
    answer = client.get("/data/curves", params={**FIRST, "from": "-inf", "to": "inf", "pixels": "inf"})
    assert json.loads(answer.text)["points"] == 1
