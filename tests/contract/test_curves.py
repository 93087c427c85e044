"""The points of charts come from a log of any kind."""

from training_events.folds.run_state import RunState
from training_events.pages.curves.cache import CurveCache
from training_events.pages.curves.section import curves_section
from training_events.pages.curves.viewed import CurveRequest, curve_data
from training_events.pages.page import Asked as Times

from tests.support.asking import Asked


def test_a_run_that_goes_on_is_read_from_where_it_was(asked: Asked):
    cache = CurveCache()
    asked.record("run/a", "TrainingStarted", "15:00:00")

    def counted() -> list[tuple[int, int]]:
        data = curve_data(cache, asked.sources, CurveRequest(["a"], "loss", Times()))
        return [(trace.points, len(trace.values) // 8) for trace in data.traces]

    for second in (10, 20):
        points = [{"name": "loss", "value": value, "step": second + value} for value in range(3)]
        asked.record("run/a", "MetricsRecorded", f"15:00:{second}", points=points)
        assert counted() == [(3 * second // 10, 3 * second // 10)]
    asked.record("run/a", "MetricsRecorded", "15:00:15", points=[{"name": "loss", "value": 9, "step": 15}])  # it comes late
    assert counted() == [(7, 7)]


def test_a_file_has_all_points_and_a_page_the_outline(asked: Asked):
    asked.record("run/a", "TrainingStarted", "15:00:00")
    asked.record("run/a", "MetricsRecorded", "15:00:10", points=[{"name": "loss", "value": 1, "step": n} for n in range(100)])
    assert isinstance(asked.log.run("a"), RunState)
    [whole] = curves_section(asked.sources, ["run/a"], Times(), whole=True).content.open
    [outline] = curves_section(asked.sources, ["run/a"], Times(), whole=False).content.open
    assert [len(trace.values) // 8 for trace in whole.data.traces] == [100]
    assert (outline.data, len(outline.rows)) == (None, 26)
