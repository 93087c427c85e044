"""How a lineage is shown: as a tree that fits the terminal, and as a flowchart that no name breaks out of."""

import json
import re
import sqlite3
from typing import Any

import pytest
from rich.cells import cell_len
from training_events.cli.lineage_tree import MAX_DEPTH, print_tree
from training_events.cli.mermaid import mermaid
from training_events.event import Event
from training_events.reading.lineage.graph import DatasetVersion, Edge, Lineage, ModelVersion, Node, Run, Stage

from tests.support.command_line import empty_store, make_event, record_events, run_cli

HOSTILE = [
    '</script><b>"]; click n0 "javascript:alert(1)"',
    "a`b`c`#quot;`end`%%{init: {}}%%",
    "x" * 2000,
    "\u06a9\u062a\u0627\u0628\u200c\u062e\u0627\u0646\u0647",
    "\U0001f600 \U0001f469\u200d\U0001f52c",
    "style x:#9;",
]


@pytest.fixture
def log(tmp_path, monkeypatch):
    with empty_store("sqlite", tmp_path) as url:
        monkeypatch.setenv("TRAINING_EVENTS_LOG", url)
        yield url


def life():
    data: dict[str, Any] = {"sha256": "aa" * 32, "uri": "s3://b/d.npz"}
    return [
        make_event("dataset/digits", "DatasetRegistered", 1, **data, rows=1797, registered_by="cy"),
        make_event("run/a", "TrainingStarted", 2, datasets=[{**data, "role": "train"}], requested_by="bo"),
        make_event("run/a", "TrainingCompleted", 3),
        make_event("model/digits", "ModelRegistered", 4, version=1, run="run/a", registered_by="ana"),
        make_event("model/digits", "ModelPromoted", 5, version=1, stage="production", promoted_by="dee"),
        make_event("model/digits", "ModelRegistered", 6, version=2, run="run/a"),
        make_event("model/digits", "ModelPromoted", 7, version=2, stage="production", promoted_by="eve"),
        make_event("model/digits", "ModelRetired", 8, version=2, reason="wrong on Mondays"),
    ]


def test_a_tree_has_what_each_node_came_of_and_who_did_it(log, capsys):
    record_events(log, life())
    code, out, _ = run_cli(capsys, "lineage", "model/digits@1", "--as-of", "2026-11-22T15:08:05.5")
    assert code == 0
    assert out.splitlines() == [
        "lineage of model/digits@1",
        "as of 2026-11-22T15:08:05Z",
        "times are in UTC",
        "",
        "model/digits@1  registered 2026-11-22 15:08 by ana",
        "├─ made by run/a  completed, started 2026-11-22 15:08 by bo",
        "│  └─ read dataset/digits@aaaaaaaaaaaa  as train, by sha256, registered 2026-11-22 15:08 by cy, 1,797 rows",
        "└─ production  serving, promoted 2026-11-22 15:08 by dee",
    ]


def test_a_version_that_was_registered_again_says_so(log, capsys):
    again = make_event("model/digits", "ModelRegistered", 9, version=1, artifact={"uri": "s3://b/m", "sha256": "bb" * 32})
    record_events(log, life())
    assert "2 times" not in run_cli(capsys, "lineage", "model/digits@1")[1]
    record_events(log, [again])
    assert "registered 2 times" in run_cli(capsys, "lineage", "model/digits@1")[1]


def test_what_ended_is_told_with_its_reason_and_what_was_drawn_is_not_drawn_again(log, capsys):
    record_events(log, life())
    _, out, _ = run_cli(capsys, "lineage", "model/digits")
    assert (
        "production  promoted 2026-11-22 15:08 by eve, until 2026-11-22 15:08, ended by a retirement, wrong on Mondays" in out
    )
    assert "made by run/a  drawn above" in out


def test_a_run_that_was_drawn_still_says_in_which_roles_it_read_a_content(log, capsys):
    data = {"sha256": "aa" * 32, "uri": "s3://b/d.npz"}
    record_events(log, life())
    record_events(
        log, [make_event("run/both", "TrainingStarted", 9, datasets=[{**data, "role": role} for role in ("train", "test")])]
    )
    record_events(log, [make_event("model/both", "ModelRegistered", 10, version=1, run="run/both")])
    _, out, _ = run_cli(capsys, "lineage", "dataset/digits")
    told = [line for line in out.splitlines() if "run/both" in line]
    assert ["as test" in told[0], "as train" in told[1]] == [True, True]
    assert told[1].endswith("drawn above")


def test_the_document_is_the_graph(log, capsys):
    record_events(log, life())
    _, out, _ = run_cli(capsys, "lineage", "dataset/digits", "--json")
    printed = json.loads(out)
    assert [node["kind"] for node in printed["nodes"]] == ["dataset_version", "stage", "model_version", "model_version", "run"]
    assert {(edge["source"], edge["target"]) for edge in printed["edges"]} == {
        ("dataset/digits@aaaaaaaaaaaa", "run/a"),
        ("run/a", "model/digits@1"),
        ("run/a", "model/digits@2"),
        ("model/digits@1", "model/digits#production"),
        ("model/digits@2", "model/digits#production"),
    }


def test_json_and_mermaid_exclude_each_other(log, capsys):
    code, _, err = run_cli(capsys, "lineage", "run/a", "--json", "--mermaid")
    assert (code, "exclude each other" in err) == (2, True)


def graph_of(name: str) -> Lineage:
    """A graph in which everything has this name."""
    content = DatasetVersion(f"dataset/{name}@aa", "aa", f"s3://b/{name}", "v1")
    nodes: list[Node] = [
        content,
        Run(f"run/{name}", name, "completed", name, "2026-11-22T15:00:00.000000Z", None, name, name),
        ModelVersion(f"model/{name}@{name}", f"model/{name}", name, "2026-11-22T16:00:00.000000Z", name),
        Stage(f"model/{name}#{name}", f"model/{name}", name),
    ]
    ids = [node.id for node in nodes]
    edges = [
        Edge("read", ids[0], ids[1], "2026-11-22T15:00:00.000000Z", name, "sha256", name),
        Edge("made", ids[1], ids[2], "2026-11-22T16:00:00.000000Z", name),
        Edge("promoted", ids[2], ids[3], "2026-11-22T17:00:00.000000Z", name, reason=name),
    ]
    return Lineage(ids[1], None, None, [ids[1]], nodes, edges)


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_breaks_out_of_a_flowchart(name):
    lines = list(mermaid(graph_of(name)))
    label = r'"(?:[^\W_]|[ ._/@-]|#\d+;)*"'
    node = rf"n\d+(?:\[\({label}\)\]|\[{label}\]|\{{\{{{label}\}}\}}|\(\[{label}\]\))"
    assert lines[0] == "flowchart LR"
    assert all(re.fullmatch(rf"  {node}", line) for line in lines[1:5])
    assert all(re.fullmatch(rf"  n\d+ -->\|{label}\| n\d+", line) for line in lines[5:8])
    assert lines[8:] == ["  style n1 stroke-width:3px"]


@pytest.mark.parametrize("columns", [20, 60, 80, 160])
@pytest.mark.parametrize("name", HOSTILE)
def test_every_line_fits_the_terminal_whatever_the_names_are(capsys, monkeypatch, columns, name):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    print_tree(graph_of(name))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) >= 4
    assert all(line.isprintable() and cell_len(line) <= columns for line in lines)


def test_a_chain_longer_than_a_screen_is_cut_and_says_so(capsys):
    count = 3 * MAX_DEPTH
    nodes: list[Node] = [Run(f"run/{number}", status="completed") for number in range(count)]
    edges = [Edge("resumed", f"run/{number}", f"run/{number + 1}") for number in range(count - 1)]
    print_tree(Lineage("run/0", None, None, ["run/0"], nodes, edges))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(["head", "times", ""]) + MAX_DEPTH + 1
    assert lines[-1].endswith("further steps are not drawn, --json has them")


def test_a_circle_of_runs_ends(capsys):
    nodes: list[Node] = [Run("run/0", status="completed"), Run("run/1", status="completed")]
    edges = [Edge("resumed", "run/0", "run/1"), Edge("resumed", "run/1", "run/0")]
    print_tree(Lineage("run/0", None, None, ["run/0"], nodes, edges))
    assert capsys.readouterr().out.count("drawn above") == 2


def registered_early() -> list[Event]:
    """A model that is registered before its run has ended."""
    started = make_event("run/a", "TrainingStarted", 2)
    head = {"events": 1, "position": started.position, "digest": started.digest}
    version = make_event("model/digits", "ModelRegistered", 4, version=1, run="run/a", run_head=head)
    return [started, version, make_event("run/a", "TrainingCompleted", 5)]


@pytest.mark.parametrize("command", ["show", "lineage", "verify"])
def test_what_a_run_got_since_its_model_was_registered_is_told(log, capsys, command):
    record_events(log, registered_early()[:2])
    assert "more event" not in run_cli(capsys, command, "model/digits")[1]
    record_events(log, registered_early()[2:])
    code, out, _ = run_cli(capsys, command, "model/digits")
    assert code == 0
    assert "the run got 1 more event(s) since: 1 TrainingCompleted; the last was recorded at " in out
    if command != "verify":
        assert "more event" not in run_cli(capsys, command, "model/digits", "--as-of", "2026-11-22T15:08:04.5")[1]


@pytest.mark.parametrize("command", ["show", "lineage", "verify"])
def test_a_run_that_lost_what_was_pinned_is_told(log, capsys, command, tmp_path):
    record_events(log, registered_early())
    with sqlite3.connect(tmp_path / "events.db") as connection:
        connection.execute("DELETE FROM events WHERE stream = 'run/a' AND type = 'TrainingStarted'")
    code, out, err = run_cli(capsys, command, "model/digits")
    assert (code, "is broken: run_altered at " in err) == ((1, True) if command == "verify" else (0, False))
    assert "the last event that the run had when this was registered" in out


def test_show_reads_the_runs_of_the_newest_versions_and_of_those_that_serve(log, capsys):
    started, first, ended = registered_early()
    versions = [
        make_event("model/digits", "ModelRegistered", 10 + number, **first.data | {"version": number})
        for number in range(1, 14)
    ]
    promoted = make_event("model/digits", "ModelPromoted", 30, version=2, stage="production")
    record_events(log, [started, *versions, promoted, ended])
    shown = json.loads(run_cli(capsys, "show", "model/digits", "--json")[1])["runs_since"]
    assert sorted(shown, key=int) == ["2", *map(str, range(4, 14))]
    assert {since["events"] for since in shown.values()} == {1}
