"""What `compare` shows: runs side by side or one below the other, never wider than the terminal."""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from training_events import cli

from tests.support.command_line import empty_store, make_event, parse_document, record_events, run_cli

DIGEST = "ab" * 32


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with empty_store("sqlite", tmp_path) as url:
        monkeypatch.setenv("TRAINING_EVENTS_LOG", url)
        yield url


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Standard output is a terminal of so many columns."""

    def of(columns: int) -> None:
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("TERM", "xterm")

    return of


def record_run(log: str, run: str, *values: float, **spec: Any) -> None:
    points = [{"name": "loss", "value": value, "step": step} for step, value in enumerate(values)]
    stream = f"run/{run}"
    pinned: dict[str, Any] = {"model": "digits", "hyperparameters": {"C": 1}, "seeds": 7} | spec
    started = make_event(stream, "TrainingStarted", 1, **pinned)
    record_events(log, [started, make_event(stream, "MetricsRecorded", 2, points=points)])


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    code, out, _ = run_cli(capsys, "compare", *arguments)
    assert code == 0
    return re.sub(r"\x1b\[[0-9;]*m", "", out)


def cells(text: str) -> list[list[str]]:
    return [re.split(r" {2,}", line.strip()) for line in text.splitlines()]


def test_two_runs_have_a_column_for_what_is_between_them(capsys: pytest.CaptureFixture[str], log: str):
    record_run(log, "a", 1.0, 0.5)
    record_run(log, "b", 1.0, 0.25, hyperparameters={"C": 10})
    table = cells(shown(capsys, "run/a", "run/b"))
    assert table[0] == ["only hyperparameter C differs"]
    assert ["params.C", "1", "10"] in table
    assert ["metric", "a", "b", "difference"] in table
    assert ["loss best, last", "0.5 @ 1", "0.25 @ 1", "-0.25"] in table
    assert ["step 1", "0.5", "0.25", "-0.25"] in table
    assert ["seed", "7", "7"] not in table
    assert ["seed", "7", "7"] in cells(shown(capsys, "run/a", "run/b", "--all-inputs"))


def test_a_terminal_shows_six_digits_unless_that_hides_what_differs(
    capsys: pytest.CaptureFixture[str], log: str, terminal: Callable[[int], None]
):
    record_run(log, "a", hyperparameters={"lr": 0.0033333333333333335, "momentum": 0.9000000001})
    record_run(log, "b", hyperparameters={"lr": 0.016666666666666666, "momentum": 0.9})
    terminal(80)
    table = cells(shown(capsys, "run/a", "run/b"))
    assert ["params.lr", "0.00333333", "0.0166667"] in table
    assert ["params.momentum", "0.9000000001", "0.9"] in table


def test_values_that_differ_look_different(capsys: pytest.CaptureFixture[str], log: str, terminal: Callable[[int], None]):
    beginning = "s3://bucket/" + "long/" * 20
    record_run(log, "a", hyperparameters={"C": "1", "from": f"{beginning}one/end"})
    record_run(log, "b", hyperparameters={"C": 1, "from": f"{beginning}two/end"})
    terminal(80)
    table = cells(shown(capsys, "run/a", "run/b"))
    assert ["params.C", '"1"', "1"] in table
    [first, second] = next(row[1:] for row in table if row[0] == "params.from")
    assert first != second


@pytest.mark.parametrize("columns", [60, 80, 160])
@pytest.mark.parametrize("runs", [2, 3, 12])
def test_no_table_is_wider_than_the_terminal_whatever_runs_are_called(
    capsys: pytest.CaptureFixture[str], log: str, terminal: Callable[[int], None], runs: int, columns: int
):
    named = [f"{'سلام-😀-</script>' * (number % 2 * 20)}{number}" for number in range(runs)]
    for number, run in enumerate(named):
        hostile = {"\x1b[2J\x9b</script>": number, "long" * 500: "long" * 500, f"only of {number}": 1}
        data = [{"uri": f"s3://bucket/{'long/' * number}train.npz", "sha256": f"{number:064x}", "role": "train"}]
        record_run(log, run, 1.0, 0.123456789 * number, hyperparameters=hostile, datasets=data, arguments=["--lr", "x y"])
    terminal(columns)
    summary, text = shown(capsys, *(f"run/{run}" for run in named)).split("\n", 1)
    assert summary.endswith("the data differ")
    assert [line for line in text.splitlines() if cell_len(line) > columns] == []
    assert all(line.isprintable() for line in text.splitlines())


def test_many_runs_are_rows_and_what_has_no_room_is_counted(
    capsys: pytest.CaptureFixture[str], log: str, terminal: Callable[[int], None]
):
    for number in range(6):
        parameters = {f"parameter-{name}": number for name in range(8)}
        record_run(log, str(number), float(number), hyperparameters=parameters)
    runs = [f"run/{number}" for number in range(6)]
    terminal(80)
    table = cells(shown(capsys, *runs))
    assert table[2] == ["run", "status", "params.parameter-0", "params.parameter-1", "params.parameter-2"]
    assert ["5", "running", "5", "5", "5"] in table
    assert ["5 more columns in a wider terminal, or with --json"] in table
    assert ["5", "5 @ 0 (+5)", "5 (+5)"] in table


def test_only_some_of_many_packages_are_shown(capsys: pytest.CaptureFixture[str], log: str):
    for run in "ab":
        record_run(log, run, packages={f"package-{number}": run for number in range(30)})
    text = shown(capsys, "run/a", "run/b")
    assert text.startswith("only 30 packages differ\n")
    assert text.count("\npackage package-") == 20
    assert "10 more packages differ: --all-inputs and --json have all" in text
    assert shown(capsys, "run/a", "run/b", "--all-inputs").count("\npackage package-") == 30


def test_versions_of_two_datasets_are_told_apart(capsys: pytest.CaptureFixture[str], log: str, terminal: Callable[[int], None]):
    for number, name in enumerate(["digits", "letters"]):
        data: dict[str, Any] = {"uri": f"s3://b/{name}", "sha256": f"{number}" * 64}
        record_events(log, [make_event(f"dataset/{name}", "DatasetRegistered", 0, **data)])
        record_run(log, name, datasets=[data | {"role": "train"}])
    terminal(80)
    table = cells(shown(capsys, "run/digits", "run/letters"))
    assert table[0] == ["only the data differs"]
    [[_, digits, letters]] = [row for row in table if row[0] == "data train"]
    assert (digits, letters) != ("version 1", "version 1")


def test_only_the_first_of_many_metrics_are_shown(capsys: pytest.CaptureFixture[str], log: str):
    for run in "ab":
        points = [{"name": f"metric-{number:02d}", "value": number} for number in range(22)]
        record_events(log, [make_event(f"run/{run}", "MetricsRecorded", 3, points=points)])
    text = shown(capsys, "run/a", "run/b")
    assert "\nmetric-19 best, last" in text
    assert "metric-20" not in text
    assert text.endswith("\n2 more metrics with --json\n")
    assert len(parse_document("compare", shown(capsys, "run/a", "run/b", "--json"))["metrics"]) == 22


def test_what_is_the_same_under_another_name_is_told(capsys: pytest.CaptureFixture[str], log: str):
    for run in "ab":
        record_run(log, run, datasets=[{"uri": f"s3://{run}/data.npz", "sha256": DIGEST, "role": "train"}])
    table = cells(shown(capsys, "run/a", "run/b"))
    assert ["same content", "data train: s3://a/data.npz and s3://b/data.npz"] in table


@pytest.mark.parametrize(
    ("options", "code"), [((), 0), (("--exit-code",), 1), (("--exit-code", "--json"), 1), (("--as-of", "now"), 0)]
)
def test_the_exit_code_tells_whether_runs_differ_if_it_is_asked_to(
    capsys: pytest.CaptureFixture[str], log: str, options: tuple[str, ...], code: int
):
    record_run(log, "a", 1.0)
    record_run(log, "b", 1.0)
    record_run(log, "c", 2.0)
    record_run(log, "d", 1.0, seeds=8)
    for run, expected in {"b": 0, "c": code, "d": code}.items():
        assert cli.run(["compare", "run/a", f"run/{run}", *options]) == expected
        assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("log")
def test_the_document_has_all_that_was_compared(capsys: pytest.CaptureFixture[str], log: str):
    record_run(log, "a", 1.0, 0.5)
    record_run(log, "b", 1.0, 0.5, seeds=None)
    document = parse_document("compare", shown(capsys, "a", "b", "--json"))
    assert document["inputs"] == [{"part": "seeds", "name": "", "values": {"a": 7}, "differs": True}]
    assert (document["inputs_differ"], document["results_differ"]) == (True, False)
    assert [place["at"] for place in document["metrics"][0]["equal"]] == [0, 1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run/a"], "the number of runs to compare is 1; allowed: 2 to 50"),
        (["run/a", "run/a"], "'a' is given twice; allowed: each run once"),
        (["run/a", "run/aa"], "the log has no event of run/aa; did you mean `run/a`?"),
        (["run/a", "run/a@3"], "'run/a' has no attempt 3; allowed: 1\n"),
        (["run/a", "dataset/digits"], "'dataset/digits' is a dataset; allowed: runs, as run/<id>"),
        (["run/a", "run/\x9b"], "'run/\\x9b' is no name of a stream: the text is '\\x9b'; allowed: text"),
    ],
)
def test_what_cannot_be_compared_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str], log: str, arguments: list[str], message: str
):
    record_run(log, "a", 1.0)
    code, out, err = run_cli(capsys, "compare", *arguments)
    assert (code, out) == (2, "")
    assert message in err
