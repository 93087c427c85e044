"""A comparison tells exactly the differences that were planted, in its rows and in its sentence."""

import json
from collections import Counter
from copy import deepcopy
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from training_events.catalogue.run import UsedDataset
from training_events.event import Event
from training_events.reading.comparison import Comparison, compare
from training_events.reading.opening import Sources

from tests.support.fakes import InMemoryLog

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=4)
scalars = scalars.filter(lambda value: value != "")
hyperparameters = st.dictionaries(names, scalars | st.lists(scalars, max_size=2) | st.dictionaries(names, scalars, min_size=1))
digests = st.text("0123456789abcdef", min_size=8, max_size=8)
specs = st.fixed_dictionaries(
    {},
    optional={
        "hyperparameters": hyperparameters,
        "seeds": st.integers(0, 2**64) | st.dictionaries(names, st.integers(), min_size=1),
        "code": st.fixed_dictionaries({"commit": digests}, optional={"dirty": st.booleans()}),
        "image": st.fixed_dictionaries({"uri": names, "digest": digests}),
        "entry_point": names,
        "arguments": st.lists(digests.map("argument {}".format), min_size=1, max_size=3),  # which repeat nothing
        "python": names,
        "packages": st.dictionaries(names, names),
        "environment": st.dictionaries(names, names),
        "datasets": st.dictionaries(
            names.filter(lambda role: role not in ("uri", "sha256")), digests.map(lambda it: {"sha256": it})
        ),
        "instance": st.fixed_dictionaries({"type": names, "count": st.integers(1, 9)}),
        "mine": scalars.filter(lambda value: value is not None),
    },
)
WORDS = {
    "hyperparameters": ("hyperparameter {}", "{} hyperparameters"),
    "seeds": ("the seed", "{} seeds"),
    "datasets": ("the data", "{} datasets"),
    "code": ("the code", "the code"),
    "image": ("the image", "the image"),
    "entry_point": ("the entry point", "the entry point"),
    "arguments": ("the arguments", "the arguments"),
    "python": ("the version of Python", "the version of Python"),
    "packages": ("package {}", "{} packages"),
    "instance": ("the instance", "the instance"),
    "environment": ("environment variable {}", "{} environment variables"),
    "other": ("field {}", "{} other fields"),
}
NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")

Path = tuple[str, ...]


def compared(specs: list[dict[str, Any]]) -> Comparison:
    log = InMemoryLog()
    for number, spec in enumerate(specs):
        log.append(Event("e", f"run/{number}", "TrainingStarted", "2026-11-22T15:00:00.000000Z", "tests", spec))
    return compare(Sources(log, None, None, None), [str(number) for number in range(len(specs))], all_inputs=True)


def leaves(value: Any, path: Path = ()) -> dict[Path, Any]:
    """The places in a spec where something can be changed."""
    if isinstance(value, dict) and value and path[:1] != ("image",) and (path[:1] != ("datasets",) or len(path) < 2):
        return {place: leaf for key, inner in value.items() for place, leaf in leaves(inner, (*path, key)).items()}
    return {path: value} if value not in ({}, []) or len(path) > 1 else {}


def another(part: str, value: Any) -> Any:
    """A value for this place that differs from this one."""
    if part == "image":
        return value | {"digest": value["digest"] + "0"}
    if part == "datasets":
        return {"sha256": value["sha256"] + "0"}
    if part == "arguments":
        return [*value, "more"]
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else f"not {json.dumps(value)}"


@st.composite
def planted(draw: st.DrawFn) -> tuple[list[dict[str, Any]], set[Path]]:
    """Specs of two to four runs, and the places where they differ: changed in one of them, or absent from it."""
    first = draw(specs)
    places = leaves(first)
    runs, differing = [first], set()
    for _ in range(draw(st.integers(1, 3))):
        spec = deepcopy(first)
        for place in draw(st.lists(st.sampled_from(sorted(places)), unique=True)) if places else []:
            *parents, last = place
            holder: Any = spec
            for key in parents:
                holder = holder[key]
            if draw(st.booleans()) and len(place) < 3 and place[0] not in ("code", "instance"):
                del holder[last]
            else:
                holder[last] = another(place[0], places[place])
            differing.add(place)
        runs.append(spec)
    return runs, differing


def row_of(place: Path) -> tuple[str, str]:
    return (place[0], ".".join(place[1:])) if place[0] in WORDS else ("other", ".".join(place))


@given(planted())
def test_exactly_the_planted_differences_are_told(planted: tuple[list[dict[str, Any]], set[Path]]):
    runs, differing = planted
    comparison = compared(runs)
    rows = Counter((row.part, row.name) for row in comparison.inputs if row.differs)
    assert rows == Counter(map(row_of, differing))
    assert comparison.summary == sentence(runs[0], rows)


def sentence(spec: dict[str, Any], rows: Counter[Any]) -> str:
    if not leaves(spec):
        return "no inputs were recorded"
    phrases = []
    for part, (one, several) in WORDS.items():
        of_part = [name for (other, name), count in rows.items() for _ in range(count) if other == part]
        if len(of_part) == 1:
            phrases.append(one.format(of_part[0]))
        elif of_part:
            phrases.append(several.format(NUMBERS[len(of_part) - 2] if len(of_part) < 13 else len(of_part)))
    if not phrases:
        return "nothing that was recorded differs"
    if len(phrases) > 1:
        return f"{', '.join(phrases[:-1])} and {phrases[-1]} differ"
    is_plural = phrases[0] == "the arguments" or (sum(rows.values()) > 1 and "{}" in WORDS[next(iter(rows))[0]][1])
    return f"only {phrases[0]} {'differ' if is_plural else 'differs'}"


used = st.lists(
    st.builds(
        UsedDataset,
        uri=st.sampled_from([None, "s3://b/data", "s3://c/data", "s3://b/other"]),
        sha256=st.sampled_from(["aa", "bb"]),
        role=st.sampled_from([None, "train", "data", "train (2)"]),
    ),
    max_size=4,
)


def without_roles(datasets: list[UsedDataset]) -> list[UsedDataset]:
    return [structs.replace(dataset, role=None) for dataset in datasets]


@st.composite
def datasets_of_runs(draw: st.DrawFn) -> list[list[UsedDataset]]:
    """Of a run, and of others that have used the same in another order, the same without roles, or something else."""
    first = draw(used)
    in_any_order = st.permutations(first)
    return [first, *draw(st.lists(in_any_order | in_any_order.map(without_roles) | used, min_size=1, max_size=3))]


@given(datasets_of_runs())
def test_each_dataset_is_in_one_row_and_rows_differ_where_the_runs_used_different_ones(
    of_runs: list[list[UsedDataset]],
):
    specs = [{"datasets": msgspec.to_builtins(of_run)} for of_run in of_runs]
    comparison = compared(specs)
    rows = [row for row in comparison.inputs if row.part == "datasets"]
    assert len({row.name for row in rows}) == len(rows)
    for number, of_run in enumerate(of_runs):
        shown = [row.values[str(number)] for row in rows if str(number) in row.values]
        assert Counter((data.uri, data.sha256, data.role) for data in shown) == Counter(
            (data.uri, data.sha256, data.role) for data in of_run
        )
    assert all(len({data.role for data in row.values.values()} - {None}) < 2 for row in rows)
    in_roles = [Counter((data.sha256, data.role) for data in of_run) for of_run in of_runs]
    contents = [Counter(data.sha256 for data in of_run) for of_run in of_runs]
    assert comparison.inputs_differ == any(row.differs for row in rows)
    if any(one != contents[0] for one in contents):
        assert comparison.inputs_differ
    elif all(one == in_roles[0] or not any(role for _, role in one) for one in in_roles):
        assert not comparison.inputs_differ
    elif all(data.role for of_run in of_runs for data in of_run):
        assert comparison.inputs_differ


points = st.lists(st.tuples(st.sampled_from(["loss", "f1"]), st.integers(0, 9), st.floats(-9, 9)), min_size=1, max_size=20)


@given(st.lists(points, min_size=2, max_size=3))
def test_values_at_equal_steps_are_those_that_every_run_recorded_last_at_that_step(of_runs: list[list[tuple[str, int, float]]]):
    log = InMemoryLog()
    for number, of_run in enumerate(of_runs):
        data = {"points": [{"name": name, "step": step, "value": value} for name, step, value in of_run]}
        log.append(Event("e", f"run/{number}", "MetricsRecorded", "2026-11-22T15:00:00.000000Z", "tests", data))
    comparison = compare(Sources(log, None, None, None), [str(number) for number in range(len(of_runs))])
    for metric in comparison.metrics:
        last: list[dict[float, float]] = [
            {step: value for name, step, value in of_run if name == metric.name} for of_run in of_runs
        ]
        common = sorted(set.intersection(*(set(values) for values in last if values)))
        shown = [place.at for place in metric.equal]
        if sum(map(bool, last)) > 1:
            assert len(shown) == min(5, len(common))
            assert shown == sorted(set(shown))
            assert {*shown[:1], *shown[-1:]} == {*common[:1], *common[-1:]}
        for place in metric.equal:
            assert {run: value.value for run, value in place.values.items()} == {
                str(number): values[place.at] for number, values in enumerate(last) if values
            }
