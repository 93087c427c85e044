"""What every store of read models must do. A new implementation needs one line in conftest.py."""

import random
import threading

import pytest
from training_events.errors import Overtaken
from training_events.stores.read_models import ReadModel, ReadModels

FIRST_AT = "2026-11-22T15:08:39.955123Z"


def put(read_models, stream="run/a", state=b"{}", *, summary=b"{}", first_at=FIRST_AT, replaces=None, settled=None):
    read_models.put(stream, state, summary=summary, first_at=first_at, replaces=replaces, settled=settled)


def test_a_new_store_is_empty(read_models: ReadModels):
    assert read_models.get("run/a") is None
    assert [*read_models.streams(), *read_models.summaries("run")] == []
    assert read_models.note("rebuild") is None


def test_a_state_comes_back_byte_for_byte_with_its_revision(read_models: ReadModels):
    state = bytes(range(256)) * 500
    put(read_models, state=state)
    assert read_models.get("run/a") == ReadModel("run/a", 1, state)
    put(read_models, state=b"", replaces=1)
    assert read_models.get("run/a") == ReadModel("run/a", 2, b"")
    put(read_models, state=b"{}", replaces=2)
    assert read_models.get("run/a") == ReadModel("run/a", 3, b"{}")


def test_a_settled_state_is_kept_with_the_state_that_it_was_put_with(read_models: ReadModels):
    settled = bytes(range(256))
    put(read_models, settled=settled)
    assert read_models.get("run/a") == ReadModel("run/a", 1, b"{}", settled)
    with pytest.raises(Overtaken):
        put(read_models, settled=b"other")
    assert read_models.get("run/a") == ReadModel("run/a", 1, b"{}", settled)
    put(read_models, replaces=1)
    assert read_models.get("run/a") == ReadModel("run/a", 2, b"{}", None)
    put(read_models, replaces=2, settled=b"")
    read_models.remove("run/a", replaces=3)
    put(read_models)
    assert read_models.get("run/a") == ReadModel("run/a", 1, b"{}", None)
    assert list(read_models.streams()) == ["run/a"]


def test_a_writer_that_was_overtaken_changes_nothing(read_models: ReadModels):
    def refused(replaces):
        with pytest.raises(Overtaken):
            put(read_models, state=b'"mine"', summary=b'"mine"', replaces=replaces)

    refused(1)  # there is no read model yet
    assert read_models.get("run/a") is None
    put(read_models, state=b'"first"', summary=b'"first"')
    refused(None)
    refused(2)
    put(read_models, state=b'"second"', summary=b'"second"', replaces=1)
    refused(None)
    refused(1)
    assert read_models.get("run/a") == ReadModel("run/a", 2, b'"second"')
    assert list(read_models.summaries("run")) == [b'"second"']


def test_a_read_model_can_be_removed_by_its_revision(read_models: ReadModels):
    read_models.remove("run/a", replaces=1)  # there is none, and so nothing to do
    put(read_models)
    put(read_models, replaces=1)
    with pytest.raises(Overtaken):
        read_models.remove("run/a", replaces=1)
    assert list(read_models.streams()) == ["run/a"]
    read_models.remove("run/a", replaces=2)
    assert read_models.get("run/a") is None
    assert [*read_models.streams(), *read_models.summaries("run")] == []
    put(read_models)


def test_summaries_come_by_kind_and_the_newest_first(read_models: ReadModels):
    runs = [(f"2026-11-22T15:08:{second:02d}.000000Z", f"run/{name}") for second in range(5) for name in "abc"]
    for first_at, stream in random.Random(3).sample(runs, len(runs)):  # noqa: S311 - an order like any other
        put(read_models, f"{stream}{first_at[17:19]}", summary=f'"{first_at} {stream}"'.encode(), first_at=first_at)
    put(read_models, "model/a", summary=b'"model"')
    assert list(read_models.summaries("run")) == [f'"{first_at} {stream}"'.encode() for first_at, stream in reversed(runs)]
    assert list(read_models.summaries("model")) == [b'"model"']
    assert list(read_models.summaries("dataset")) == []
    assert len(set(read_models.streams())) == len(list(read_models.streams())) == 16


def test_a_put_may_move_a_stream_in_the_listing(read_models: ReadModels):
    """A late event can be the first."""
    put(read_models, "run/a", summary=b'"a"', first_at="2026-11-22T15:08:02.000000Z")
    put(read_models, "run/b", summary=b'"b"', first_at="2026-11-22T15:08:01.000000Z")
    assert list(read_models.summaries("run")) == [b'"a"', b'"b"']
    put(read_models, "run/a", summary=b'"a"', first_at="2026-11-22T15:08:00.000000Z", replaces=1)
    assert list(read_models.summaries("run")) == [b'"b"', b'"a"']


def test_there_may_be_more_summaries_than_a_page_holds(read_models: ReadModels):
    big = b'"' + b"x" * 300_000 + b'"'
    for number in range(9):
        put(read_models, f"run/{number}", summary=big, first_at=f"2026-11-22T15:08:0{number}.000000Z")
    assert list(read_models.summaries("run")) == [big] * 9
    assert sorted(read_models.streams()) == [f"run/{number}" for number in range(9)]


def test_a_stream_with_the_longest_name_is_stored_and_listed(read_models: ReadModels):
    """A partition key may have 2048 bytes, a sort key only half as many."""
    longest = "run/" + "é" * 1022
    put(read_models, longest, b'"state"', summary=b'"summary"')
    assert read_models.get(longest) == ReadModel(longest, 1, b'"state"')
    assert list(read_models.summaries("run")) == [b'"summary"']


def test_notes_are_kept_apart_from_read_models(read_models: ReadModels):
    read_models.set_note("rebuild", b"\x00 1")
    read_models.set_note("rebuild", b"\x00 2")
    read_models.set_note("other", b"")
    assert read_models.note("rebuild") == b"\x00 2"
    assert read_models.note("other") == b""
    assert list(read_models.streams()) == []
    read_models.set_note("rebuild", None)
    read_models.set_note("rebuild", None)
    assert read_models.note("rebuild") is None
    assert read_models.note("other") == b""


def test_a_note_is_named_from_the_time_on_at_which_it_is_due(read_models: ReadModels):
    put(read_models, "run/a", summary=b'"a"')
    times = {name: f"2026-11-22T15:08:0{second}.000000Z" for second, name in enumerate(["c", "a/b", "é" * 600, "later"])}
    for name, due in reversed(times.items()):
        read_models.set_note(name, b"x", due=due)
    read_models.set_note("never", b"x")
    assert list(read_models.due_notes("2026-11-22T15:07:00.000000Z")) == []
    assert list(read_models.due_notes(times["é" * 600])) == ["c", "a/b", "é" * 600]
    read_models.set_note("c", b"y")
    read_models.set_note("a/b", b"z", due=times["later"])
    read_models.set_note("é" * 600, None)
    assert list(read_models.due_notes(times["c"])) == []
    assert sorted(read_models.due_notes(times["later"])) == ["a/b", "later"]
    assert [read_models.note(name) for name in ("c", "a/b", "never")] == [b"y", b"z", b"x"]
    assert list(read_models.streams()) == ["run/a"]
    assert list(read_models.summaries("run")) == [b'"a"']


def test_of_many_writers_none_undoes_what_another_put(read_models: ReadModels):
    """They read, add and put again for as long as they are overtaken."""

    def add(writer):
        for number in range(5):
            while True:
                current = read_models.get("run/a")
                state = (current.state if current else b"") + f"{writer}{number} ".encode()
                try:
                    put(read_models, state=state, replaces=current and current.revision)
                    break
                except Overtaken:
                    pass

    writers = [threading.Thread(target=add, args=[writer]) for writer in "abcd"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    current = read_models.get("run/a")
    assert current is not None
    assert current.revision == 20
    assert sorted(current.state.decode().split()) == [f"{writer}{number}" for writer in "abcd" for number in range(5)]


def test_the_revision_is_that_of_the_read_model(read_models: ReadModels):
    assert read_models.revision("run/a") is None
    put(read_models)
    put(read_models, "run/b")
    put(read_models, replaces=1)
    assert (read_models.revision("run/a"), read_models.revision("run/b")) == (2, 1)
