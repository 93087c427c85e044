"""Tables and fields: as wide as their terminal, uncut anywhere else."""

import io
import re
import sys
from contextlib import redirect_stdout

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from training_events.cli.style import CYAN, GREEN, RED, YELLOW, style_of_status
from training_events.cli.table import print_fields, print_rows

from tests.support.strategies import loose_text

LONG = "run/a-very-long-training-job-name-2026-11-22-15-08-39-955123-eu-central-1-digits"
ROWS = [("run/a", "completed", "loss 0.5"), (LONG, "failed", "loss " + "0.123456789 " * 20)]
TITLES, WIDTHS = ("run", "status", "metrics"), (64, 9)


@pytest.fixture
def terminal(monkeypatch):
    """Standard output is a terminal of so many columns."""

    def of(columns):
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.delenv("NO_COLOR", raising=False)

    return of


class Terminal(io.StringIO):
    def isatty(self):
        return True


def without_style(text):
    return re.sub(r"\x1b\[(0|1|31)m", "", text)


def lines(capsys):
    return without_style(capsys.readouterr().out).splitlines()


def test_in_a_pipe_nothing_is_cut(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("FORCE_COLOR", "1")
    print_rows(TITLES, WIDTHS, ROWS)
    assert [line.split("  ")[0] for line in lines(capsys)] == ["run", "run/a", LONG]
    print_rows(TITLES, WIDTHS, ROWS, look_ahead=100)
    shown = lines(capsys)
    assert len({line.index(cell) for line, cell in zip(shown, ["status", "completed", "failed"], strict=True)}) == 1
    assert shown[2].endswith(ROWS[1][2].rstrip())


@pytest.mark.parametrize("look_ahead", [1, 100])
@pytest.mark.parametrize("columns", [60, 80, 200])
def test_a_table_is_as_wide_as_its_terminal(capsys, terminal, columns, look_ahead):
    terminal(columns)
    print_rows(TITLES, WIDTHS, ROWS, look_ahead)
    shown = lines(capsys)
    assert max(map(cell_len, shown)) == columns
    assert len({line.index(cell) for line, cell in zip(shown, ["status", "completed", "failed"], strict=True)}) == 1
    assert shown[2].startswith("run/a-very")
    assert "digits  failed" in shown[2], "both ends of a long name are shown"
    assert (LONG in shown[2]) is False


@given(st.lists(st.tuples(loose_text, loose_text, loose_text), max_size=4), st.integers(40, 120))
def test_whatever_the_cells_hold_a_row_is_one_line_that_fits_the_terminal(rows, columns):
    with redirect_stdout(Terminal()) as terminal, pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("COLUMNS", str(columns))
        print_rows(TITLES, (30, 9), rows, styles={"status": lambda _: RED})
    shown = without_style(terminal.getvalue()).splitlines()
    assert len(shown) == 1 + len(rows)
    for line in shown:
        assert line.isprintable()
        assert cell_len(line) <= columns


def test_a_status_has_its_colour_and_no_other_cell_has(capsys, terminal):
    terminal(80)
    rows = [("run/a", "failed", "failed"), ("run/b", "running", ""), ("run/c", "running, silent for 3 h", "requested")]
    print_rows(TITLES, (64, 24), rows, 100, styles={"status": style_of_status})
    print_fields({"status": "completed", "model": "completed"}, {"status": style_of_status})
    out = capsys.readouterr().out
    assert re.findall(r"\x1b\[(\d\d)m(.+?)\x1b\[0m", out) == [
        (RED, "failed"),
        (CYAN, "running"),
        (YELLOW, "running, silent for 3 h"),
        (GREEN, "completed"),
    ]
    plain = re.sub(r"\x1b\[\d+m", "", out).splitlines()
    assert len({line.index(cell) for line, cell in zip(plain, ["status", "failed  ", "running"], strict=False)}) == 1


@pytest.mark.parametrize("variable", ["TERM=dumb", "NO_COLOR=1", "a pipe"])
def test_where_no_style_is_wanted_or_shown_there_is_none(capsys, terminal, monkeypatch, variable):
    if variable == "a pipe":
        monkeypatch.setenv("FORCE_COLOR", "1")
    else:
        terminal(80)
        monkeypatch.setenv(*variable.split("="))
    print_rows(TITLES, WIDTHS, ROWS, 100, styles={"status": style_of_status})
    print_fields({"status": "failed"}, {"status": style_of_status})
    assert "\x1b" not in capsys.readouterr().out


def test_further_lines_of_a_field_stand_under_its_first(capsys):
    print_fields({"error": "a\n\tb\x1b[2J", "seen": None, "a\x9bb": {"c": "\x9b"}})
    assert lines(capsys) == ["error   a", "         b\\x1b[2J", 'a\\x9bb  {"c":"\\u009b"}']


def test_a_name_of_any_length_leaves_the_other_fields_where_they_are_read(capsys):
    print_fields({"status": "completed", "artifact " + "x" * 2000: "s3://b/k", "چهره😀": 1})
    assert lines(capsys) == ["status  completed", "artifact " + "x" * 2000, "        s3://b/k", "چهره😀  1"]


def test_without_rows_there_is_a_word_instead_of_a_header(capsys):
    print_rows(TITLES, WIDTHS, [], empty="no runs yet")
    assert lines(capsys) == ["no runs yet"]


WIDE = [("run/a", "completed", "a-model-with-a-long-name", "2026-11-28 20:44", "eval_loss 0.0044, loss 0.004")]
WIDE_TITLES, WIDE_WIDTHS = ("run", "status", "model", "started", "metrics"), (64, 9, 24, 16)


@pytest.mark.parametrize(("columns", "shown"), [(200, 5), (86, 5), (80, 4), (60, 4), (40, 3)])
def test_on_a_narrow_terminal_the_columns_that_matter_least_are_left_out(capsys, terminal, columns, shown):
    terminal(columns)
    print_rows(WIDE_TITLES, WIDE_WIDTHS, WIDE, 100, optional=("started", "model"))
    [titles, row] = lines(capsys)
    kept = {
        200: WIDE_TITLES,
        86: WIDE_TITLES,
        80: ("run", "status", "model", "metrics"),
        60: ("run", "status", "started", "metrics"),  # there is no room for the model, but for what matters less
        40: ("run", "status", "metrics"),
    }
    assert tuple(titles.split()) == kept[columns]
    assert len(titles.split()) == shown
    assert "eval_loss 0.0044" in row or columns < 60


@pytest.mark.parametrize(("columns", "shown"), [(200, 5), (80, 5), (60, 4), (49, 3), (23, 2), (3, 1)])
def test_columns_that_must_be_there_and_begin_beyond_the_terminal_are_counted(capsys, terminal, columns, shown):
    terminal(columns)
    assert print_rows(WIDE_TITLES, WIDE_WIDTHS, WIDE, 100) == len(WIDE_TITLES) - shown
    assert len(lines(capsys)[0].split()) == shown


def test_in_a_pipe_every_column_is_there(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    print_rows(WIDE_TITLES, WIDE_WIDTHS, WIDE, 100, optional=("started", "model"))
    assert tuple(lines(capsys)[0].split()) == WIDE_TITLES
