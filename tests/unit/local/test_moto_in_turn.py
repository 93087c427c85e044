"""moto answers one request at a time, so that of two conditional writes one is refused, as on AWS."""

import threading
from typing import Any

import pytest
from moto.dynamodb.models.table import Table
from training_events.errors import Overtaken

from local import moto_in_turn
from tests.support.dynamodb import dynamodb_read_models


class WatchedTurn:
    """The turn, which says when somebody has to wait for it."""

    def __init__(self, somebody_waits: threading.Event) -> None:
        self._turn = threading.RLock()
        self._somebody_waits = somebody_waits

    def __enter__(self) -> None:
        if not self._turn.acquire(blocking=False):
            self._somebody_waits.set()
            self._turn.acquire()

    def __exit__(self, *_: object) -> None:
        self._turn.release()


def test_a_conditional_write_that_comes_between_the_check_and_the_write_of_another_is_refused(monkeypatch: pytest.MonkeyPatch):
    """The second writer starts when the first has read what it will check, and the first goes on when the second has read
    the same or waits for its turn.
    """
    second_is_there = threading.Event()
    monkeypatch.setattr(moto_in_turn, "TURN", WatchedTurn(second_is_there))
    outcomes: list[str] = []
    readers: list[int] = []
    read = Table.get_item

    def write(writer: str) -> None:
        try:
            read_models.put("run/a", writer.encode(), summary=b"{}", first_at="2026-11-22T15:08:39.955123Z", replaces=None)
            outcomes.append(writer)
        except Overtaken:
            outcomes.append(f"{writer} was overtaken")

    def read_and_let_the_other_in(*arguments: Any, **keywords: Any) -> Any:
        current = read(*arguments, **keywords)
        readers.append(threading.get_ident())
        if len(readers) == 1:
            second.start()
            second_is_there.wait()
        else:
            second_is_there.set()
        return current

    with dynamodb_read_models() as read_models:
        second = threading.Thread(target=write, args=["second"])
        with monkeypatch.context() as patch:
            patch.setattr(Table, "get_item", read_and_let_the_other_in)
            write("first")
            second.join()
        stored = read_models.get("run/a")

    assert sorted(outcomes) == ["first", "second was overtaken"]
    assert stored is not None
    assert stored.state == b"first"
