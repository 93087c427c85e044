"""What people see on terminals of several widths, kept in screens/ to be read."""

import pytest
from rich.cells import cell_len

from tests.support.command_line import empty_store, record_events
from tests.support.screens import CALLS, KEPT, WIDTHS, events, screens, without_styles


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    with empty_store("sqlite", tmp_path_factory.mktemp("log")) as url:
        record_events(url, events())
        yield url


@pytest.mark.parametrize("columns", WIDTHS)
def test_commands_show_the_screens_that_are_kept(url, columns):
    coloured = screens(url, columns, TERM="xterm-256color")
    assert "\x1b[32mcompleted\x1b[0m" in coloured
    assert "\x1b[31mfailed\x1b[0m" in coloured
    kept = (KEPT / f"{columns}.txt").read_text(encoding="utf-8")
    assert without_styles(coloured) == kept, "read what has changed, then `python -m tests.support.screens`"


def test_without_colours_they_show_the_same(url):
    assert screens(url, 80, TERM="xterm", NO_COLOR="1") == (KEPT / "80.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("columns", WIDTHS)
def test_tables_fit_their_terminal(columns):
    """Fields do not: whatever identifies an input stands there uncut. An error is one line."""
    shown = (KEPT / f"{columns}.txt").read_text(encoding="utf-8")
    for call, screen in zip(CALLS, shown.split("$ training-events ")[1:], strict=True):
        command, *lines = screen.splitlines()
        assert command == " ".join(call)
        assert all(line.isprintable() for line in lines)
        if call[0] != "show" and not lines[0].startswith("training-events: "):
            assert max(map(cell_len, lines)) <= columns
