"""The section of curves: which charts there are and in which order, what each says, and how much of it a page has."""

import base64
import json
import math
from array import array

import pytest
from training_events.pages.curves.budget import MAX_POINTS, POINTS_OF_LINE
from training_events.pages.curves.section import curves_section
from training_events.pages.page import Asked, Page

from tests.support.pages import html_of, shown_log, tags_of, text_of


def at(second):
    return f"2026-11-22T15:{second // 60:02d}:{second % 60:02d}.000000Z"


NOW = Asked()


def started(run="a", second=0):
    return (f"run/{run}", "TrainingStarted", at(second), {"model": "digits"})


def measured(second, values, run="a", name="loss", first_step=0):
    points = [{"name": name, "value": value, "step": step} for step, value in enumerate(values, first_step)]
    return (f"run/{run}", "MetricsRecorded", at(second), {"points": points})


def curves_of(tmp_path, *facts, runs=("a",), asked=NOW, whole=True):
    section = curves_section(shown_log(tmp_path, *facts), [f"run/{run}" for run in runs], asked, whole=whole)
    return section.content, html_of(Page("a", "run", [section]))


def data_of(html):
    """The data of each chart that is in the page, by its metric."""
    starts = html.split('<script type="application/json"')[1:]
    documents = [json.loads(part.partition(">")[2].partition("</script>")[0]) for part in starts]
    return {document["metric"]: document for document in documents}


def lines_of(html):
    """How each line of the drawings looks."""
    looks = [attributes.get("class") or "" for _, attributes in tags_of(html)]
    return [look for look in looks if look.startswith("drawn-line")]


def numbers_of(text):
    return [*array("d", base64.b64decode(text))]


def test_the_points_of_a_report_are_in_the_page_as_they_were_recorded(tmp_path):
    _, html = curves_of(tmp_path, started(), measured(1, [0.5, "NaN", "-Infinity", 0.25]))
    document = data_of(html)["loss"]
    [trace] = document["traces"]
    assert (document["goal"], document["points"]) == ("minimize", 4)
    assert {name: trace[name] for name in ("run", "attempt", "stands", "points", "each", "not_finite")} == {
        "run": "a",
        "attempt": 1,
        "stands": True,
        "points": 4,
        "each": 1,
        "not_finite": 2,
    }
    assert numbers_of(trace["steps"]) == [0, 1, 2, 3]
    assert set(numbers_of(trace["times"])) == {1795359601.0}
    assert [*map(str, numbers_of(trace["values"]))] == ["0.5", "nan", "-inf", "0.25"]


def test_a_point_has_its_own_time_where_it_has_one_and_no_step_where_none_was_recorded(tmp_path):
    points = [
        {"name": "loss", "value": 1.0, "time": "2026-11-22T15:00:07.250000Z"},
        {"name": "loss", "value": 1.0, "time": "2026-11-22T16:00:07.25+01:00"},
        {"name": "loss", "value": 1.0, "time": "soon"},
    ]
    _, html = curves_of(tmp_path, started(), ("run/a", "MetricsRecorded", at(9), {"points": points}))
    [trace] = data_of(html)["loss"]["traces"]
    assert all(map(math.isnan, numbers_of(trace["steps"])))
    assert numbers_of(trace["times"])[:2] == [1795359607.25] * 2
    assert math.isnan(numbers_of(trace["times"])[2])


def test_what_a_later_attempt_took_back_is_there_and_pale(tmp_path):
    _, html = curves_of(tmp_path, started(), measured(1, [4, 3, 2]), started(second=2), measured(3, [2.5, 1], first_step=1))
    traces = data_of(html)["loss"]["traces"]
    assert [(trace["attempt"], trace["stands"], numbers_of(trace["values"])) for trace in traces] == [
        (1, True, [4.0]),
        (1, False, [3.0, 2.0]),
        (2, True, [2.5, 1.0]),
    ]
    assert ["superseded" in look for look in lines_of(html)] == [True, False]


def test_a_past_time_has_the_curves_of_then(tmp_path):
    facts = [started(), measured(1, [3]), measured(5, [2], first_step=1)]
    _, html = curves_of(tmp_path, *facts, asked=Asked(as_of=at(3)))
    assert numbers_of(data_of(html)["loss"]["traces"][0]["values"]) == [3.0]


def test_metrics_come_as_people_look_at_them_and_what_only_counts_is_a_step_away(tmp_path):
    names = ("epoch", "zeta", "loss", "eval/accuracy")
    content, html = curves_of(tmp_path, started(), *(measured(n, [1, 2], name=name) for n, name in enumerate(names, 1)))
    assert [chart.metric for chart in content.open] == ["eval/accuracy", "loss", "zeta"]
    assert [chart.metric for chart in content.counters] == ["epoch"]
    assert "What only counts: epoch" in text_of(html)


def test_each_chart_says_what_it_shows(tmp_path):
    _, html = curves_of(tmp_path, started(), measured(1, [0.5, 0.125, "NaN", 0.25]))
    assert "loss minimize best 0.125 @ 1 last 0.25 @ 3 4 points, 1 not finite every point" in text_of(html)


def test_behind_each_chart_is_a_table(tmp_path):
    _, html = curves_of(tmp_path, started(), measured(1, [0.5, "NaN", 0.25]))
    assert "3 of 3 points step value 0 0.5 1 NaN 2 0.25" in text_of(html)
    facts = [started("a"), measured(1, [0.5, 0.25]), started("b", 2), measured(3, [0.75], run="b")]
    _, html = curves_of(tmp_path / "two", *facts, runs=("a", "b"))
    assert "loss of each run run best last points a 0.25 0.25 2 b 0.75 0.75 1" in text_of(html)


def test_runs_have_the_same_colours_in_all_charts_also_where_one_lacks_a_metric(tmp_path):
    facts = [started("a"), measured(1, [1, 2]), started("b", 2), measured(3, [1, 2], run="b", name="accuracy")]
    _, html = curves_of(tmp_path, *facts, runs=("a", "b"))
    assert lines_of(html) == ["drawn-line series-1", "drawn-line series-2"] * 2  # of the legend, of loss and of accuracy


def test_names_are_text_whatever_they_are(tmp_path):
    name = "</script><script>alert(1)</script>\u202e\x1b[2J"
    shown = r"</script><script>alert(1)</script>\u202e\x1b[2J"
    _, html = curves_of(tmp_path, started(), measured(1, [1, 2], name=name))
    assert [tag for tag, attributes in tags_of(html) if tag == "script"] == ["script"]
    assert [*data_of(html)] == [shown]
    figure = next(attributes for tag, attributes in tags_of(html) if tag == "figure")
    assert figure["data-metric"] == shown
    assert "\u202e" not in html
    assert "\x1b" not in html


def test_a_run_without_metrics_says_so(tmp_path):
    _, html = curves_of(tmp_path, started())
    assert "No metric was recorded." in text_of(html)


def test_many_points_become_few_and_the_chart_says_of_how_many(tmp_path):
    rounds = [measured(n, [math.sin(n + step / 50) for step in range(5_000)], first_step=5_000 * n) for n in range(1, 31)]
    _, html = curves_of(tmp_path, started(), *rounds)
    [trace] = data_of(html)["loss"]["traces"]
    assert (trace["points"], trace["each"]) == (150_000, 8)
    assert len(html) < 2_300_000
    assert "150,000 points each pair of points stands for 8" in text_of(html)


def many_runs_of_many_metrics():
    """A few more lines than one page has."""
    names = [f"m{number:03d}" for number in range(MAX_POINTS // (50 * (POINTS_OF_LINE + 1)) + 2)]
    points = {"points": [{"name": name, "value": 1.0, "step": 0} for name in names]}
    runs = [f"r{number}" for number in range(50)]
    return runs, names, [fact for run in runs for fact in (started(run), (f"run/{run}", "MetricsRecorded", at(1), points))]


def test_a_file_of_very_many_curves_has_those_that_people_look_at_first_and_names_the_others(tmp_path):
    runs, names, facts = many_runs_of_many_metrics()
    content, html = curves_of(tmp_path, *facts, runs=runs)
    assert [chart.metric for chart in [*content.open, *content.folded]] == names[:-2]
    assert content.left_out == names[-2:]
    assert "2 metrics are not in this file" in text_of(html)
    assert f"All metrics: {len(names) - 2 - len(content.open)} more" in text_of(html)
    assert len(html) < 2_500_000


def test_outside_of_a_file_charts_are_outlines_and_none_is_left_out(tmp_path):
    runs, names, facts = many_runs_of_many_metrics()
    content, _ = curves_of(tmp_path, *facts, runs=runs, whole=False)
    charts = [*content.open, *content.folded]
    assert [chart.metric for chart in charts] == names
    assert [chart.metric for chart in charts if chart.data] == content.left_out == []
    assert [chart.metric for chart in charts if chart.drawing is None] == names[-2:]


@pytest.mark.parametrize("whole", [True, False])
def test_values_that_no_drawing_can_hold_are_drawn_all_the_same(tmp_path, whole):
    values = [1e308, -1e308, 5e-324, "Infinity", 0.0, "NaN"]
    content, _ = curves_of(tmp_path, started(), measured(1, values), measured(2, [7], name="one"), whole=whole)
    assert all(
        "nan" not in chart.drawing and "inf" not in chart.drawing.lower().replace("infinity", "") for chart in content.open
    )
