"""A run is verified by one with the same points, and by no other: any single change of its results is found and named."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from training_events.catalogue.run import FirstDifference, ReproductionDiverged, ReproductionVerified
from training_events.event import Event
from training_events.reading.opening import Sources
from training_events.reproduction.verdict import judge

from tests.support.fakes import InMemoryLog

Point = dict[str, Any]

names = st.sampled_from(["loss", "f1", "val/loss"])
steps = st.integers(0, 4) | st.just(2**70) | st.just(0.5) | st.none()
values = (
    st.integers(-3, 3) | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(["NaN", "Infinity", "-Infinity"])
)


def point(name: str, step: float | None, value: Any) -> Point:
    return {"name": name, "value": value} | ({} if step is None else {"step": step})


points = st.lists(st.builds(point, names, steps, values), min_size=1, max_size=25)
files = st.dictionaries(st.integers(0, 3), st.sampled_from(["aa", "bb"]).map(lambda digit: digit * 32), max_size=3)


class Runs:
    """Runs of a log in memory."""

    def __init__(self) -> None:
        self._log = InMemoryLog()
        self._events = 0

    def record(self, run: str, points: list[Point], files: dict[int, str], batch: int = 25, **spec: Any) -> None:
        self._append(run, "TrainingStarted", spec)
        for start in range(0, len(points), batch):
            self._append(run, "MetricsRecorded", {"points": points[start : start + batch]})
        for step, sha256 in files.items():
            self._append(run, "CheckpointSaved", {"step": step, "sha256": sha256})
        self._append(run, "TrainingCompleted", {})

    def _append(self, run: str, type_: str, data: dict[str, Any]) -> None:
        self._events += 1
        at = f"2026-11-22T15:00:00.{self._events:06d}Z"
        self._log.append(Event(f"e{self._events}", f"run/{run}", type_, at, "tests", data))

    def fact(self, original: str, run: str, tolerance: float | None = None) -> Any:
        return judge(Sources(self._log, None, None, None), original, run, tolerance=tolerance).fact


def by_place(points: list[Point]) -> dict[tuple[str, float | None], list[Point]]:
    found: dict[tuple[str, float | None], list[Point]] = {}
    for each in points:
        found.setdefault((each["name"], each.get("step")), []).append(each)
    return found


@st.composite
def in_another_order(draw: st.DrawFn, points: list[Point]) -> list[Point]:
    """The same points, those of one metric and step in their order."""
    queues = {place: list(those) for place, those in by_place(points).items()}
    order = draw(st.permutations([(each["name"], each.get("step")) for each in points]))
    return [queues[place].pop(0) for place in order]


@given(points, files, st.integers(1, 25), st.data())
def test_the_same_points_in_any_batches_and_order_are_verified(
    points: list[Point], files: dict[int, str], batch: int, data: st.DataObject
):
    runs = Runs()
    runs.record("a", points, files)
    runs.record("b", data.draw(in_another_order(points)), files, batch)
    metrics = len({each["name"] for each in points})
    assert runs.fact("a", "b") == ReproductionVerified("run/b", metrics=metrics, artifacts=len(files))


@st.composite
def changed(draw: st.DrawFn) -> tuple[list[Point], list[Point], Point]:
    """Points, the same with one value changed, one point left out or one added, and that point."""
    before = draw(points)
    after, number = [dict(each) for each in before], draw(st.integers(0, len(before) - 1))
    how = draw(st.sampled_from(["changed", "missing", "added"]))
    if how == "changed":
        after[number]["value"] = draw(values.filter(lambda value: value != before[number]["value"]))
    elif how == "missing":
        del after[number]
    else:
        after.insert(number, draw(st.builds(point, names, steps, values)))
    return before, after, after[number] if how == "added" else before[number]


@given(changed(), files)
def test_a_single_change_of_a_point_is_named_and_is_the_same_from_both_sides(
    changed: tuple[list[Point], list[Point], Point], files: dict[int, str]
):
    before, after, where = changed
    runs = Runs()
    runs.record("a", before, files, seeds=7)
    runs.record("b", after, files, seeds=8)
    fact, other = runs.fact("a", "b"), runs.fact("b", "a")
    assert isinstance(fact, ReproductionDiverged)
    assert fact.first is not None
    assert (fact.first.metric, fact.first.step) == (where["name"], where.get("step"))
    assert other.first == FirstDifference(fact.first.metric, fact.first.step, fact.first.reproduced, fact.first.original)
    assert fact.inputs == other.inputs == ["seeds"]


@given(points, files, files, st.floats(0, 0.9))
def test_files_with_other_digests_and_files_of_one_run_are_told(
    points: list[Point], before: dict[int, str], after: dict[int, str], tolerance: float
):
    runs = Runs()
    runs.record("a", points, before)
    runs.record("b", points, after)
    fact = runs.fact("a", "b", tolerance)
    of_one_run = {f"checkpoint at step {step}" for step in before.keys() ^ after.keys()}
    if of_one_run:
        assert set(fact.artifacts) == of_one_run
        assert fact.first is None
    else:
        assert isinstance(fact, ReproductionVerified)
        assert fact.artifacts == sum(before[step] == after[step] for step in before)
        lost = [f"checkpoint at step {step}" for step in before if before[step] != after[step]]
        assert ("not compared" in (fact.explanation or "")) is bool(lost)
        assert all(name in (fact.explanation or "") for name in lost)


@given(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300), st.floats(0, 0.99))
def test_the_tolerance_is_a_share_of_the_larger_value(one: float, other: float, tolerance: float):
    runs = Runs()
    runs.record("a", [point("loss", 1, one)], {})
    runs.record("b", [point("loss", 1, other)], {})
    is_near = abs(one - other) <= tolerance * max(abs(one), abs(other))
    assert isinstance(runs.fact("a", "b", tolerance), ReproductionVerified) is is_near
