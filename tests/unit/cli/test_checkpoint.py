"""`checkpoint` prints what stands for the whole log, and `verify --against` holds today's log to what was kept."""

import io
import json
import sqlite3
import sys
from contextlib import closing

import pytest
from training_events.event import Event
from training_events.stores.opening import open_event_log

from tests.support.command_line import run_cli


@pytest.fixture
def url(tmp_path):
    url = f"sqlite:///{tmp_path}/log.db"
    log = open_event_log(url)
    for number in range(3):
        log.append(Event(f"e-{number}", f"run/{number}", "Happened", f"2026-11-22T15:08:0{number}.000000Z", "tests", {}))
    return url


def kept(capsys, url, tmp_path, name="kept"):
    code, _, error = run_cli(capsys, "checkpoint", "-o", str(tmp_path / name), "--log", url)
    assert (code, error) == (0, "")
    return str(tmp_path / name)


def rewrite(url):
    """What whoever owns the file may do: take a run out, and make a tree of the rest, as if nothing had ever been there."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file, file:
        for table in ("leaves", "tiles", "log_checkpoints"):
            file.execute(f"DELETE FROM {table}")  # noqa: S608
        file.execute("DROP TRIGGER event_deleted")
        file.execute("DELETE FROM events WHERE stream = 'run/1'")
        file.execute("DELETE FROM arrivals WHERE stream = 'run/1'")
        file.execute(
            "INSERT INTO leaves SELECT row_number() OVER (ORDER BY recorded_at), stream, position, digest, recorded_at, source"
            " FROM events"
        )


def test_a_checkpoint_is_printed_written_and_told_to_programs(capsys, url, tmp_path):
    code, printed, _ = run_cli(capsys, "checkpoint", "--log", url)
    assert code == 0
    assert printed.splitlines()[1] == "3"
    assert printed == (tmp_path / kept(capsys, url, tmp_path)).read_text(encoding="utf-8")
    document = json.loads(run_cli(capsys, "checkpoint", "--json", "--log", url)[1])
    assert (document["note"], document["size"]) == (printed, 3)


def test_a_log_continues_every_checkpoint_that_was_kept_of_it(capsys, url, tmp_path, monkeypatch):
    first = kept(capsys, url, tmp_path, "first")
    open_event_log(url).append(Event("more", "run/3", "Happened", "2026-11-22T15:09:00.000000Z", "tests", {}))
    second = kept(capsys, url, tmp_path, "second")
    for streams in (["--all"], ["run/0"], []):
        code, printed, error = run_cli(capsys, "verify", *streams, "--against", first, "--against", second, "--log", url)
        assert (code, error) == (0, "")
        assert "continues  2 checkpoints that were kept" in printed
        assert " 0 events have" not in printed
    assert f"continues  {first}\n" in run_cli(capsys, "verify", "--against", first, "--log", url)[1]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((tmp_path / "first").read_bytes())))
    assert run_cli(capsys, "verify", "--against", "-", "--log", url)[0] == 0


def test_a_log_that_was_rewritten_with_its_tree_is_found_by_a_checkpoint_that_was_kept(capsys, url, tmp_path):
    before = kept(capsys, url, tmp_path)
    rewrite(url)
    kept(capsys, url, tmp_path, "forged")
    code, _, _ = run_cli(capsys, "verify", "--all", "--log", url)
    assert code == 0, "nothing in the file shows it"
    code, printed, error = run_cli(capsys, "verify", "--all", "--against", before, "--json", "--log", url)
    assert code == 1
    assert "fork" in error
    document = json.loads(printed)
    assert not document["sound"]
    assert [finding["kind"] for finding in document["findings"]] == ["fork"]
    assert "leaves" in document["findings"][0]["explanation"]


def test_the_first_leaf_that_differs_is_named_as_far_as_what_was_kept_tells(capsys, url, tmp_path):
    log = open_event_log(url)
    names = [kept(capsys, url, tmp_path, "at-3")]
    for number in (4, 5):
        log.append(Event(f"e-{number}", f"run/{number}", "Happened", "2026-11-22T15:09:00.000000Z", "tests", {}))
        names.append(kept(capsys, url, tmp_path, f"at-{number}"))
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file, file:
        for table in ("tiles", "log_checkpoints"):
            file.execute(f"DELETE FROM {table}")  # noqa: S608
        file.execute("UPDATE leaves SET digest = 'sha256:other' WHERE number = 4")
    kept(capsys, url, tmp_path, "forged")
    against = [argument for name in reversed(names) for argument in ("--against", name)]
    _, _, error = run_cli(capsys, "verify", *against, "--log", url)
    assert "leaf 3 was another one" in error
    assert "'run/4'" in error


def test_what_was_never_a_checkpoint_is_the_callers_mistake(capsys, url, tmp_path):
    (tmp_path / "note").write_text("nothing", encoding="utf-8")
    for name in ("note", "absent", "."):
        code, _, error = run_cli(capsys, "verify", "--all", "--against", str(tmp_path / name), "--log", url)
        assert code == 2
        assert len(error.splitlines()) == 1
    assert run_cli(capsys, "checkpoint", "-o", str(tmp_path / "no" / "folder"), "--log", url)[0] == 2
    assert run_cli(capsys, "checkpoint", "--log", f"sqlite:///{tmp_path}/none.db")[0] == 2
    assert run_cli(capsys, "checkpoint", "--log", "dynamodb://events")[0] == 2
