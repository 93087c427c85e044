"""The index of values in a SQLite file: made by the first search, and kept by what is put afterwards, whoever puts it."""

import sqlite3
from collections.abc import Collection
from pathlib import Path

import pytest
from training_events.stores.search import AllOf, Condition, Name, Operand, Order, SearchedValue
from training_events.stores.sqlite.database import Database
from training_events.stores.sqlite.read_models import SqliteReadModels
from training_events.stores.sqlite.search_index import SqliteSearchIndex

FIRST_AT = "2026-11-22T15:08:39.955123Z"
ALL = AllOf(())
LOSS = "metrics.loss"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Database(str(tmp_path / "log.db")).transaction():
        pass  # makes an empty log
    return tmp_path / "log.db"


@pytest.fixture
def read_models(path: Path) -> SqliteReadModels:
    return SqliteReadModels(Database(str(path)))


def put(read_models: SqliteReadModels, name: str, summary: bytes, replaces: int | None = None) -> None:
    read_models.put(f"run/{name}", b"{}", summary=summary, first_at=FIRST_AT, replaces=replaces)


def values_of(summary: bytes, keys: Collection[str]) -> list[SearchedValue]:
    """Here a summary is a number: the value under every key but those that nobody has."""
    return [SearchedValue(key, float(summary)) for key in keys if key != "tags.nobody"]


def index_of(read_models: SqliteReadModels, *keys: str) -> SqliteSearchIndex:
    index = read_models.search_index("run")
    assert index is not None
    index.bring_up_to_date({LOSS, *keys}, values_of)
    return index


def below(limit: float, key: str = LOSS) -> Condition:
    return Condition(Name(key), "<", (Operand(limit, None),))


BY_LOSS = (Order(Name(LOSS)),)


def test_what_is_put_later_is_taken_in_by_the_next_search(read_models: SqliteReadModels) -> None:
    put(read_models, "a", b"1")
    put(read_models, "b", b"2")
    assert list(index_of(read_models).find(below(1.5), ())) == [b"1"]
    put(read_models, "b", b"0.5", replaces=1)
    put(read_models, "c", b"3")
    read_models.remove("run/a", replaces=1)
    index = index_of(read_models)
    assert list(index.find(below(10), BY_LOSS)) == [b"0.5", b"3"]


def test_a_name_is_taken_in_when_it_is_first_searched(read_models: SqliteReadModels) -> None:
    put(read_models, "a", b"1")
    assert index_of(read_models).has(LOSS)
    assert not index_of(read_models).has("params.lr")
    assert list(index_of(read_models).find(below(2, "params.lr"), ())) == []
    index = index_of(read_models, "params.lr", "tags.nobody")
    assert [index.has(key) for key in ("params.lr", "tags.nobody")] == [True, False]
    put(read_models, "a", b"3", replaces=1)
    put(read_models, "b", b"1")
    assert list(index_of(read_models).find(below(2, "params.lr"), ())) == [b"1"]


def test_what_another_program_puts_is_taken_in(path: Path, read_models: SqliteReadModels) -> None:
    """Version 0.1.0 knows nothing of the index, and writes the same tables."""
    put(read_models, "a", b"1")
    index_of(read_models)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE read_models SET revision = revision + 1, summary = CAST('7' AS BLOB)")
        connection.execute("INSERT INTO read_models VALUES ('run/b', 'run', ?, 1, CAST('8' AS BLOB), x'')", (FIRST_AT,))
        connection.execute("INSERT INTO read_models VALUES ('model/b', 'model', ?, 1, CAST('9' AS BLOB), x'')", (FIRST_AT,))
    connection.close()
    assert list(index_of(read_models).find(ALL, BY_LOSS)) == [b"7", b"8"]


def test_a_run_that_is_put_while_it_is_taken_in_is_taken_in_again(read_models: SqliteReadModels) -> None:
    put(read_models, "a", b"1")
    overtaking = iter([b"2", b"3"])

    def overtaken(summary: bytes, keys: Collection[str]) -> list[SearchedValue]:
        for later in overtaking:
            put(read_models, "a", later, replaces=int(summary))
            break
        return values_of(summary, keys)

    index = read_models.search_index("run")
    assert index is not None
    index.bring_up_to_date({LOSS}, overtaken)
    assert list(index.find(below(2.5), ())) == []
    assert list(index.find(below(3.5), ())) == [b"3"]


def test_an_index_that_was_interrupted_is_completed(read_models: SqliteReadModels) -> None:
    for number in range(600):
        put(read_models, f"{number:04}", b"%d" % number)

    def interrupted(summary: bytes, keys: Collection[str]) -> list[SearchedValue]:
        if summary == b"550":
            raise KeyboardInterrupt
        return values_of(summary, keys)

    index = read_models.search_index("run")
    assert index is not None
    with pytest.raises(KeyboardInterrupt):
        index.bring_up_to_date({LOSS}, interrupted)
    put(read_models, "0000", b"1000", replaces=1)
    assert list(index_of(read_models).find(below(2), ())) == [b"1"]
    assert len(list(index_of(read_models).find(below(1001), ()))) == 600


def test_progress_is_told_by_runs(read_models: SqliteReadModels) -> None:
    for number in range(1100):
        put(read_models, f"{number:04}", b"%d" % number)
    told: list[tuple[int, int]] = []
    index = read_models.search_index("run")
    assert index is not None
    index.bring_up_to_date({LOSS}, values_of, lambda done, total: told.append((done, total)))
    assert told == [(0, 1100), (500, 1100), (1000, 1100)]
    assert len(list(index.find(ALL, ()))) == 1100


def test_an_index_of_another_version_is_made_again(path: Path, read_models: SqliteReadModels) -> None:
    put(read_models, "a", b"1")
    index_of(read_models)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE search_version SET version = 0")
        connection.execute("DELETE FROM searched_values")
    connection.close()
    assert list(index_of(read_models).find(below(2), ())) == [b"1"]


def test_only_runs_are_searched(read_models: SqliteReadModels) -> None:
    assert read_models.search_index("model") is None
