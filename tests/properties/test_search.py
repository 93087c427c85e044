"""A search finds the same runs in the same order, by an index of their values as by reading all summaries."""

from contextlib import closing
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from training_events.canonical import canonical_json
from training_events.errors import BadSearch
from training_events.folds.headline import Headline
from training_events.folds.summary import RunSummary, UsedVersion
from training_events.folds.version import VERSION
from training_events.projection.projector import Projector
from training_events.reading.opening import Sources
from training_events.reading.search.find import find_runs
from training_events.stores.read_models import ReadModels
from training_events.stores.sqlite.database import Database
from training_events.stores.sqlite.read_models import SqliteReadModels

from tests.support.fakes import InMemoryLog, InMemoryReadModels

NUMBERS = [0, -0.0, 0.5, 1, 1.0, -3.5, 1e-05, 2**53 + 1, 2**64 - 1, 1e300]
TEXTS = [
    "",
    "a",
    "A",
    "ab",
    "a%b",
    "a_b",
    "Ä",
    "ß",
    "é",
    "🦊",
    "0.5",
    "1e-05",
    "0.50",
    "true",
    "True",
    "NaN",
    "inf",
    "a\nb",
    "x\0y",
    "'\"`",
]
NAMES = ["lr", "` last"]
"""Few, so that most runs have what is asked for."""
TIMES = ["2026-11-22T15:00:00.000000Z", "2026-11-22T15:00:00.000001Z", "2026-11-23T00:00:00.000000Z"]

numbers = st.sampled_from(NUMBERS) | st.floats(allow_nan=False, allow_infinity=False)
texts = st.sampled_from(TEXTS) | st.text(max_size=4)
finite = st.none() | numbers.map(float)
last = numbers.map(float) | st.sampled_from(["NaN", "Infinity", "-Infinity"])
headlines = st.builds(Headline, st.just("minimize"), finite, last, finite, finite, last)
scalars = st.none() | texts | numbers | st.booleans()
named = st.dictionaries(st.sampled_from(NAMES), scalars, max_size=2)
used = st.builds(
    UsedVersion, st.sampled_from([None, "s3://b/a.npz", "s3://b/b"]), st.none(), st.sampled_from([None, "aa", "ab"]), st.none()
)


@st.composite
def summaries(draw: st.DrawFn) -> list[RunSummary]:
    count = draw(st.integers(0, 8))
    return [
        RunSummary(
            stream=f"run/{number}",
            status=draw(st.sampled_from(["running", "completed", "failed"])),
            model=draw(st.none() | texts),
            first_at=draw(st.sampled_from(TIMES)),
            started_at=draw(st.none() | st.sampled_from(TIMES)),
            finished_at=None,
            duration_seconds=draw(st.none() | st.sampled_from([0.0, 1.5, 60.0])),
            events=draw(st.integers(1, 3)),
            metrics=draw(st.dictionaries(st.sampled_from(NAMES), headlines, max_size=2)),
            hyperparameters=draw(named),
            tags=draw(named),
            datasets=draw(st.lists(used, max_size=2)),
            dirty=draw(st.none() | st.booleans()),
            hidden=draw(st.sampled_from([False, False, False, True])),
            folded_by=VERSION,
        )
        for number in range(count)
    ]


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def name(namespace: str, key: str) -> str:
    return f"{namespace}.`{key.replace('`', '``')}`"


keys = st.sampled_from(NAMES)
number_texts = numbers.map(repr) | st.sampled_from(["NaN", "Infinity", "-inf", "+1", ".5"])
any_literals = number_texts | texts.map(quoted) | number_texts.map(quoted) | st.sampled_from(["true", "FALSE"])
orders = st.sampled_from(["<", "<=", ">", ">=", "=", "!="])
number_names = st.builds(
    lambda key, column: name("metrics", key) + column, keys, st.sampled_from(["", ".last", ".min", ".max", ".latest"])
) | st.sampled_from(["duration", "attributes.events"])
any_names = st.builds(name, st.sampled_from(["params", "tags"]), keys)
text_names = st.sampled_from(["model", "run.id", "datasets.digest", "dataset.name", "group"])
time_names = st.sampled_from(["started_at", "created", "attributes.end_time"])
truth_names = st.sampled_from(["dirty", "hidden"])
all_names = number_names | any_names | text_names | time_names | truth_names
patterns = (
    st.lists(st.sampled_from(["%", "%", "_", "a", "A", "Ä", "ä", "0", ".", "5", "t", "y"]), max_size=4).map("".join).map(quoted)
)


def listed(literals: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(literals, min_size=1, max_size=3).map(lambda some: f"({', '.join(some)})")


def written(*parts: Any) -> st.SearchStrategy[str]:
    return st.tuples(*(st.just(part) if isinstance(part, str) else part for part in parts)).map(" ".join)


within = st.sampled_from(["IN", "not in"])
conditions = st.one_of(
    written(number_names, orders, number_texts),
    written(number_names, within, listed(number_texts)),
    written(any_names, orders, any_literals),
    written(any_names, within, listed(any_literals)),
    written(text_names, orders, texts.map(quoted)),
    written(text_names, within, listed(texts.map(quoted))),
    written(time_names, orders, st.sampled_from(TIMES).map(quoted)),
    written(truth_names, st.sampled_from(["=", "!="]), st.sampled_from(["true", "'False'"])),
    written(any_names | text_names, st.sampled_from(["LIKE", "ILIKE", "NOT LIKE", "not ilike"]), patterns),
    written(all_names, st.sampled_from(["IS NULL", "is not null"])),
)
wheres = st.recursive(
    conditions,
    lambda inner: (
        written("(", inner, st.sampled_from(["AND", "or"]), inner, ")") | written("not", inner) | written(inner, "and", inner)
    ),
    max_leaves=5,
)
sortable = all_names.filter(lambda written_name: not written_name.startswith("dataset"))
sorts = st.lists(written(sortable, st.sampled_from(["", "ASC", "desc"])) | sortable.map("-{}".format), max_size=3)


def keep(read_models: ReadModels, runs: list[RunSummary]) -> None:
    """Leave these runs in the read models, and no others."""
    for stream in set(read_models.streams()) - {run.stream for run in runs}:
        read_models.remove(stream, replaces=read_models.get(stream).revision)  # type: ignore[union-attr]  # it is there
    for run in runs:
        current = read_models.get(run.stream)
        summary = canonical_json(msgspec.to_builtins(run))
        revision = None if current is None else current.revision
        read_models.put(run.stream, b"{}", summary=summary, first_at=run.first_at, replaces=revision)


def answer(read_models: ReadModels, where: str, order_by: list[str], limit: int | None = None) -> list[str] | str:
    """The streams that are found, or what is wrong with the question."""
    log = InMemoryLog()
    sources = Sources(log, read_models, Projector(log, read_models), None)
    try:
        return [run.stream for run in find_runs(sources, where, order_by, limit)]
    except BadSearch as flaw:
        return str(flaw)


@given(summaries(), summaries(), st.just("") | wheres, sorts, st.integers(0, 5))
def test_an_index_finds_what_reading_all_summaries_finds(first, second, where, order_by, limit):
    with TemporaryDirectory() as folder, closing(Database(f"{folder}/log.db")) as database:
        with database.transaction():
            pass  # makes an empty log
        indexed, plain = SqliteReadModels(database), InMemoryReadModels()
        for runs in (first, second):  # the index is made by the first search, and follows what is put afterwards
            keep(indexed, runs)
            keep(plain, runs)
            found = answer(plain, where, order_by)
            assert answer(indexed, where, order_by) == found
            if isinstance(found, list):
                assert answer(indexed, where, order_by, limit) == found[:limit] == answer(plain, where, order_by, limit)


@given(summaries(), wheres)
def test_no_run_meets_a_condition_and_its_opposite(runs, where):
    read_models = InMemoryReadModels()
    keep(read_models, runs)
    found, opposite = answer(read_models, where, []), answer(read_models, f"not ({where})", [])
    if isinstance(found, list):
        assert not set(found) & set(opposite)


@given(summaries(), sorts)
def test_an_order_is_total_and_has_what_is_missing_last(runs, order_by):
    read_models = InMemoryReadModels()
    keep(read_models, runs)
    found = answer(read_models, "", order_by)
    keep(read_models, [])
    keep(read_models, runs[::-1])
    assert answer(read_models, "", order_by) == found
