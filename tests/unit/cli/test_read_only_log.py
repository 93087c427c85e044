"""A log on media that cannot be written is read by every command that reads; what would write says so in one line."""

import gc
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from training_events.errors import LogUnavailable
from training_events.stores.opening import open_event_log

from tests.support.command_line import READING_CALLS, make_event, run_cli
from tests.support.write_protection import public_folder, write_protected

CALLS = {
    **READING_CALLS,
    "show as of": ["show", "run/a", "--as-of", "2026-11-23"],
    "report": ["report", "run/a", "-o", "/dev/null"],
    "runs where": ["runs", "--where", "model = 'digits'", "--sort", "started_at"],
}
del CALLS["rebuild"]
WRITING = {"record": ["record", "run/a", "Happened"], "rebuild": ["rebuild"]}


@pytest.fixture
def path(bare_environment: None) -> Iterator[Path]:
    """A log of which some events are projected and sealed, and some are not."""
    with public_folder() as folder:
        path = folder / "media" / "log.db"
        log = open_event_log(f"sqlite:///{path}")
        for name in "ab":
            log.append(make_event(f"run/{name}", "TrainingStarted", 1, model="digits"))
            log.append(make_event(f"run/{name}", "TrainingCompleted", 9))
        _bring_up_to_date(path)
        log.append(make_event("run/a", "MetricsRecorded", 5, points=[{"name": "loss", "value": 0.5, "step": 1}]))
        log.append(make_event("run/c", "TrainingStarted", 2, model="digits"))
        del log
        gc.collect()  # closes the connections: with one that root has opened, SQLite would write by that
        yield path


def _bring_up_to_date(path: Path) -> None:
    """Import all that a command needs, too."""
    copy = shutil.copy(path, path.parents[1] / "first.db")
    for call in (*CALLS.values(), *WRITING.values()):
        assert open_cli(copy, *call)[0] == 0
    assert open_cli(path, *CALLS["runs where"])[0] == 0


def open_cli(path: Any, *arguments: str) -> tuple[int, str]:
    from training_events import cli  # noqa: PLC0415

    code = cli.run([*arguments, "--log", f"sqlite:///{path}"])
    return code, str(path)


def printed(capsys: pytest.CaptureFixture[str], path: Path, name: str) -> list[str]:
    """The lines that the call prints, sorted: `rebuild` finds changes by several readers at once."""
    capsys.readouterr()
    code, out, _ = run_cli(capsys, *CALLS[name], "--log", f"sqlite:///{path}")
    assert code == 0
    return sorted(out.splitlines())


PROTECTED = {
    "the folder": lambda path: [path.parent],
    "the file": lambda path: [path],
    "both": lambda path: [path, path.parent],
}


@pytest.mark.parametrize("what", PROTECTED)
@pytest.mark.parametrize("name", CALLS)
def test_a_command_that_reads_prints_what_it_prints_of_a_log_that_can_be_written(path, capsys, name, what):
    twin = Path(shutil.copytree(path.parent, path.parents[1] / "twin")) / path.name
    before = path.read_bytes()
    with write_protected(*PROTECTED[what](path)):
        protected = printed(capsys, path, name)
    assert protected == printed(capsys, twin, name)
    assert path.read_bytes() == before


@pytest.mark.parametrize("what", PROTECTED)
@pytest.mark.parametrize("name", WRITING)
def test_a_command_that_writes_says_in_one_line_that_it_cannot(path, capsys, name, what):
    capsys.readouterr()
    before = path.read_bytes()
    with write_protected(*PROTECTED[what](path)):
        code, _, error = run_cli(capsys, *WRITING[name], "--log", f"sqlite:///{path}")
    assert code == 1
    assert "log.db can only be read: the file or its folder is not writable" in error
    assert path.read_bytes() == before


def test_events_that_are_only_in_a_write_ahead_log_which_cannot_be_read_are_told(path):
    """As a killed program of version 0.1.0 left them, copied to media that cannot be written."""
    writer = sqlite3.connect(path)
    writer.execute("PRAGMA wal_autocheckpoint = 0")
    with writer:
        writer.execute("DELETE FROM notes")
        writer.execute("INSERT INTO notes VALUES ('a', '')")
    media = path.parents[1] / "other media"
    media.mkdir(mode=0o755)
    for name in ("log.db", "log.db-wal"):
        shutil.copy(path.with_name(name), media / name)
        (media / name).chmod(0o644)
    writer.close()
    with write_protected(media), pytest.raises(LogUnavailable, match=r"newest events are in .*log\.db-wal, .* copy both files"):
        list(open_event_log(f"sqlite:///{media / 'log.db'}").streams())


def test_a_log_on_media_that_change_after_all_is_read_as_it_is_then(path):
    log = open_event_log(f"sqlite:///{path}")
    with write_protected(path, path.parent):
        assert list(log.streams()) == ["run/a", "run/b", "run/c"]
    other = open_event_log(f"sqlite:///{path}")
    other.append(make_event("run/d", "Happened"))
    del other
    gc.collect()
    with write_protected(path, path.parent):
        assert list(log.streams()) == ["run/a", "run/b", "run/c", "run/d"]
