"""Lists of runs, models and datasets: which columns they have, and what they leave out."""

import io
import re
import sys
from contextlib import redirect_stdout
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from training_events import cli
from training_events.cli.run_columns import print_runs
from training_events.folds.headline import Headline
from training_events.reading.listing.listed_run import ListedRun
from training_events.reading.listing.run_columns import chosen_columns
from training_events.reading.search.values import ATTRIBUTES

from tests.support.command_line import empty_store, make_event, parse_document, record_events, run_cli
from tests.support.strategies import loose_text

BOOKKEEPING = ("epoch", "grad_norm", "train_samples_per_second")


@pytest.fixture
def log(tmp_path, monkeypatch):
    with empty_store("sqlite", tmp_path) as url:
        monkeypatch.setenv("TRAINING_EVENTS_LOG", url)
        yield url


@pytest.fixture
def terminal(monkeypatch):
    def of(columns):
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("TERM", "dumb")

    return of


def run_events(name, second, *, hyperparameters, metrics, tags=None, **more):
    record = partial(make_event, f"run/{name}")
    yield record("TrainingStarted", second, hyperparameters=hyperparameters, **more)
    yield record(
        "MetricsRecorded", second + 1, points=[{"name": key, "value": value, "step": 1} for key, value in metrics.items()]
    )
    if tags:
        yield record("Tagged", second + 2, tags=tags)
    yield record("TrainingCompleted", second + 3)


def sweep(log, size=4):
    """Runs that differ in their learning rate, and in nothing else that was chosen."""
    for number in range(size):
        metrics = {"loss": 1 / (number + 1), "eval_loss": 2 / (number + 1), **dict.fromkeys(BOOKKEEPING, 3.0)}
        same = {"batch_size": 32, "optimizer": {"name": "sgd", "lr": 10.0**-number}}
        tags = {"group": "sweep-1", "team": "vision"}
        record_events(
            log,
            run_events(f"digits-{number}", 10 * number, hyperparameters=same, metrics=metrics, tags=tags, model="digits"),
        )


def titles(capsys, *arguments):
    return re.split(r" {2,}", run_cli(capsys, *arguments)[1].splitlines()[0])


def cells(capsys, *arguments):
    return [re.split(r" {2,}", line) for line in run_cli(capsys, *arguments)[1].splitlines()[1:]]


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        (60, ["run", "status", "group", "optimizer.lr", "eval_loss"]),
        (80, ["run", "status", "group", "started (UTC)", "optimizer.lr", "eval_loss"]),
        (
            160,
            [
                "run",
                "status",
                "model",
                "group",
                "started (UTC)",
                "took",
                "optimizer.lr",
                "eval_loss",
                "loss",
                "epoch",
                "grad_norm",
                BOOKKEEPING[2],
            ],
        ),
    ],
)
def test_a_list_of_runs_has_the_columns_that_tell_them_apart(log, capsys, terminal, columns, shown):
    sweep(log)
    terminal(columns)
    lines = run_cli(capsys, "runs")[1].splitlines()
    assert re.split(r" {2,}", lines[0]) == shown
    assert max(map(len, lines)) <= columns


def test_a_pipe_gets_the_columns_of_a_wide_terminal_uncut(log, capsys, monkeypatch):
    sweep(log)
    monkeypatch.setenv("COLUMNS", "60")
    long_name = "x" * 200
    record_events(log, run_events(long_name, 90, hyperparameters={}, metrics={"loss": 1}))
    out = run_cli(capsys, "runs")[1]
    assert long_name in out
    assert {"optimizer.lr", "optimizer.name", "loss", "epoch"} <= set(re.split(r" {2,}", out.splitlines()[0]))


def test_a_metric_that_most_runs_have_comes_before_one_of_a_single_run(log, capsys, terminal):
    sweep(log)
    record_events(log, run_events("other", 90, hyperparameters={}, metrics={"a_loss": 1.0}))
    terminal(80)
    assert "eval_loss" in titles(capsys, "runs")
    assert "a_loss" not in titles(capsys, "runs")


def test_the_tags_that_mlflow_keeps_for_itself_are_columns_only_for_who_asks(log, capsys):
    for number in range(2):
        tags = {"mlflow.source.git.commit": f"{number:040}", "mlflow_like": number}
        record_events(log, run_events(f"a-{number}", number, hyperparameters={}, metrics={}, tags=tags))
    assert titles(capsys, "runs") == ["run", "status", "started (UTC)", "took", "mlflow_like"]
    commit = "tags.`mlflow.source.git.commit`"
    assert titles(capsys, "runs", "--columns", commit) == ["run", "mlflow.source.git.commit"]
    assert titles(capsys, "runs", "--sort", commit)[-1] == "mlflow.source.git.commit"


def test_the_columns_that_are_asked_for(log, capsys):
    sweep(log, 1)
    fields = "params.optimizer.lr,metrics.loss.last, tags.team,commit,attributes.events,metrics.`eval_loss`"
    assert titles(capsys, "runs", "--columns", fields) == [
        "run",
        "optimizer.lr",
        "loss.last",
        "team",
        "commit",
        "events",
        "eval_loss",
    ]
    assert cells(capsys, "runs", "--columns", fields) == [["run/digits-0", "1", "1", "vision", "-", "4", "2"]]


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("params.optimizer.lrr", "no hyperparameter `optimizer.lrr` in these runs; did you mean `optimizer.lr`"),
        ("metrics.eval_los", "no metric `eval_los` in these runs; did you mean `eval_loss`?"),
        ("metrics.loss.median", "no metric `loss.median` in these runs"),
        ("tags.owner", "no tag `owner` in these runs\n"),
        ("statsu", "there is no column `statsu`; did you mean `status`?"),
        ("loss", "there is no column `loss`; did you mean `metrics.loss`?"),
        ("colour", "there is no column `colour`; allowed: run, id, name, status, "),
        ("", "there is no column ``; allowed: run, "),
    ],
)
def test_a_column_that_is_not_there(log, capsys, field, message):
    sweep(log, 1)
    code, out, err = run_cli(capsys, "runs", "--columns", f"status,{field}")
    assert (code, out) == (2, "")
    assert message in err


def test_a_near_name_of_any_length_is_cut_in_the_error(log, capsys):
    record_events(log, run_events("a", 1, hyperparameters={}, metrics={"loss" * 500: 1.0}))
    error = run_cli(capsys, "runs", "--columns", "metrics." + "loss" * 499)[2]
    assert error.endswith(f"; did you mean `{'loss' * 20}…`?\n")


def test_columns_have_all_the_names_that_a_condition_may_have(log, capsys):
    sweep(log, 1)
    fields = 'attributes.start_time,run_name,metric.`eval_loss`.last,tag."team",parameters.optimizer.lr,metrics.loss.best'
    shown = titles(capsys, "runs", "--columns", fields)
    assert shown == ["run", "started (UTC)", "name", "eval_loss.last", "team", "optimizer.lr", "loss"]
    assert len(titles(capsys, "runs", "--columns", ",".join(ATTRIBUTES))) == 1 + len(ATTRIBUTES)


def test_a_column_has_what_is_asked_for_of_each_dataset(log, capsys):
    used = [{"uri": "s3://b/digits.npz", "sha256": "aa"}, {"uri": "s3://b/faces.npz"}]
    record_events(log, [make_event("run/a", "TrainingStarted", datasets=used)])
    fields = "datasets.digest,dataset.name,datasets"
    assert titles(capsys, "runs", "--columns", fields) == ["run", "digest", "name", "datasets"]
    assert cells(capsys, "runs", "--columns", fields) == [
        ["run/a", "aa, -", "digits, faces", "s3://b/digits.npz, s3://b/faces.npz"]
    ]


def test_a_quoted_name_may_have_a_comma_in_it(log, capsys):
    record_events(log, run_events("a", 1, hyperparameters={"x,y": 3, 'q"q': 4}, metrics={"b,c": 0.5}))
    fields = 'metrics.`b,c`, params."x,y",params."q""q"'
    assert cells(capsys, "runs", "--columns", fields) == [["run/a", "0.5", "3", "4"]]


def test_a_run_is_listed_with_all_that_it_recorded_however_much_that_is(log, capsys):
    record_events(log, run_events("a", 1, hyperparameters={f"p{number}": number for number in range(3000)}, metrics={}))
    assert cells(capsys, "runs", "--columns", "params.p2999") == [["run/a", "2999"]]
    [run] = parse_document("runs", run_cli(capsys, "runs", "--json")[1])["runs"]
    assert (len(run["hyperparameters"]), run["whole"]) == (3000, True)


def test_columns_are_of_the_table_only(log, capsys):
    sweep(log, 1)
    code, _, err = run_cli(capsys, "runs", "--columns", "status", "--json")
    assert code == 2
    assert "--columns and --json exclude each other" in err


def test_a_hyperparameter_and_a_metric_of_one_name_have_a_column_each(log, capsys):
    for number in range(2):
        record_events(log, run_events(f"a-{number}", 10 * number, hyperparameters={"loss": number}, metrics={"loss": 0.5}))
    assert titles(capsys, "runs")[-2:] == ["loss", "metrics.loss"]
    assert [row[-2:] for row in cells(capsys, "runs")] == [["1", "0.5"], ["0", "0.5"]]


def test_a_terminal_has_few_digits_of_a_hyperparameter_and_a_pipe_all(log, capsys, terminal):
    record_events(log, run_events("a", 1, hyperparameters={"lr": 0.00020356344854469135}, metrics={}))
    assert cells(capsys, "runs", "--columns", "params.lr") == [["run/a", "0.00020356344854469135"]]
    terminal(80)
    assert cells(capsys, "runs", "--columns", "params.lr") == [["run/a", "0.000203563"]]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--model", "digts"], "no run trains the model digts; did you mean `digits`?"),
        (["--group", "sweep-2"], "no run is of the group sweep-2; did you mean `sweep-1`?"),
        (["--model", "digits", "--group", "\x1bother"], "no run is of the group \\x1bother"),
        (["--model", "digits", "--status", "failed", "--columns", "commit"], "no run is like this"),
    ],
)
def test_a_list_in_which_there_is_nothing_tells_names_that_are_near(log, capsys, options, told):
    sweep(log, 1)
    assert run_cli(capsys, "runs", *options) == (0, f"{told}\n", "")


def test_the_runs_of_a_group(log, capsys):
    sweep(log, 2)
    record_events(log, run_events("alone", 90, hyperparameters={}, metrics={}))
    assert [row[0] for row in cells(capsys, "runs", "--group", "sweep-1")] == ["run/digits-1", "run/digits-0"]
    position = titles(capsys, "runs").index("group")
    assert [row[position] for row in cells(capsys, "runs")] == ["-", "sweep-1", "sweep-1"]


@pytest.mark.parametrize(
    ("kind", "type_"), [("run", "TrainingStarted"), ("model", "ModelRegistered"), ("dataset", "DatasetRegistered")]
)
def test_what_somebody_has_hidden_is_left_out_and_counted_until_all_is_asked_for(log, capsys, kind, type_):
    for number, name in enumerate("abc"):
        record_events(log, [make_event(f"{kind}/{name}", type_, number, version=1, uri="s3://b/k")])
    record_events(log, [make_event(f"{kind}/b", "Hidden", 5, reason="wrong data", by="ada")])

    def listed(*options):
        assert cli.run([f"{kind}s", *options]) == 0
        captured = capsys.readouterr()
        return [line.split()[0] for line in captured.out.splitlines()[1:]], captured.err

    assert listed() == ([f"{kind}/c", f"{kind}/a"], "1 hidden left out: --all lists them\n")
    assert listed("--all") == ([f"{kind}/c", f"{kind}/b", f"{kind}/a"], "")
    assert listed("--limit", "1") == ([f"{kind}/c"], "")
    document = parse_document(f"{kind}s", run_cli(capsys, f"{kind}s", "--json")[1])
    assert ([it["stream"] for it in document[f"{kind}s"]], document["hidden_left_out"]) == ([f"{kind}/c", f"{kind}/a"], 1)
    record_events(log, [make_event(f"{kind}/b", "Restored", 6)])
    assert listed() == ([f"{kind}/c", f"{kind}/b", f"{kind}/a"], "")
    record_events(log, [make_event(f"{kind}/{name}", "Hidden", 7) for name in "abc"])
    assert cli.run([f"{kind}s"]) == 0
    told = {
        "run": "all of these runs are hidden",
        "model": "all models are hidden, or only logged",
        "dataset": "all datasets are hidden",
    }[kind]
    assert capsys.readouterr() == (f"{told}\n", "3 hidden left out: --all lists them\n")


names = st.one_of(loose_text, st.sampled_from(["run", "status", "loss", "metrics.loss", "a\x00", "a\\x00", "started (UTC)"]))
listed_runs = st.lists(
    st.builds(
        ListedRun,
        stream=loose_text.map("run/{}".format),
        status=st.sampled_from(["running", "completed", "failed"]),
        first_at=st.just("2026-11-22T15:08:00.000000Z"),
        events=st.just(1),
        model=st.none() | loose_text,
        started_at=st.none(),
        finished_at=st.none(),
        duration_seconds=st.none() | st.floats(0, 1e9),
        metrics=st.dictionaries(
            names, st.builds(Headline, goal=st.just("minimize"), best=st.none() | st.floats(), last=st.floats())
        ),
        hyperparameters=st.dictionaries(names, st.none() | st.booleans() | st.integers() | loose_text),
        tags=st.dictionaries(names | st.just("group"), loose_text),
        name=st.none() | loose_text,
    ),
    min_size=1,
    max_size=4,
)


@given(listed_runs, st.integers(40, 200), st.booleans())
def test_whatever_runs_hold_a_list_of_them_is_a_table_that_fits(runs, columns, in_pipe):
    with redirect_stdout(io.StringIO()) as out, pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("TERM", "dumb")
        monkeypatch.setattr(out, "isatty", lambda: not in_pipe)
        chosen, optional = chosen_columns(runs)
        print_runs(runs, chosen, optional)
    lines = out.getvalue().split("\n")
    assert len(lines) == len(runs) + 2
    assert all(line.isprintable() for line in lines)
    assert in_pipe or max(map(cell_len, lines)) <= columns
    assert len({column.title for column in chosen}) == len(chosen)
    assert lines[0].split()[:1] == ["run"]


HOSTILE = "\x1b[2J\x1b]0;owned\x07</script>\n|\u202ea\u200b😀فارسی" + "x" * 2000


@pytest.mark.parametrize("columns", [60, 80, 160])
def test_whatever_things_are_called_a_row_is_a_line_of_text(log, capsys, terminal, monkeypatch, columns):
    for number in range(2):
        more = {"model": HOSTILE, "requested_by": HOSTILE}
        values = {HOSTILE: number, "lr": HOSTILE}
        record_events(
            log,
            run_events(
                f"a-{number}", 10 * number, hyperparameters=values, metrics={HOSTILE: 1.0}, tags={HOSTILE: HOSTILE}, **more
            ),
        )
        record_events(log, [make_event(f"run/a-{number}", "Described", 50, name=HOSTILE, description=HOSTILE)])
    record_events(log, [make_event("model/m", "ModelRegistered", 1, version=HOSTILE, run=HOSTILE)])
    record_events(log, [make_event("model/m", "ModelPromoted", 2, version=HOSTILE, stage=HOSTILE, promoted_by=HOSTILE)])
    record_events(log, [make_event("dataset/d", "DatasetRegistered", 1, uri=HOSTILE, sha256=HOSTILE, version_id=HOSTILE)])
    terminal(columns)
    monkeypatch.setenv("TERM", "xterm")
    calls = (["runs"], ["runs", "--columns", "name,params.lr"], ["models"], ["datasets"])
    for call, rows in zip(calls, (2, 2, 1, 1), strict=True):
        out = re.sub(r"\x1b\[(0|1|3\d)m", "", run_cli(capsys, *call)[1])
        assert len(out.split("\n")) == rows + 2, "titles, rows, and the end of the last line"
        assert all(line.isprintable() for line in out.split("\n"))
    for stream in ("run/a-0", "model/m", "dataset/d"):
        out = re.sub(r"\x1b\[(0|1|3\d)m", "", run_cli(capsys, "show", stream)[1])
        assert all(line.isprintable() for line in out.split("\n"))


def test_models_and_datasets(log, capsys):
    record_events(
        log,
        [
            make_event("model/digits", "ModelRegistered", 1, version=1, run="run/a"),
            make_event("model/digits", "ModelRegistered", 2, version=2, run="run/b"),
            make_event("model/digits", "ModelPromoted", 3, version=1, stage="production", promoted_by="ada"),
            make_event("dataset/digits", "DatasetRegistered", 4, uri="s3://b/d", sha256="e" * 64, rows=1000, bytes=2048),
            make_event("dataset/digits", "DatasetRegistered", 5, uri="s3://b/d", sha256="f" * 64, rows=2000, bytes=4096),
        ],
    )
    created = "2026-11-22 15:08"
    assert titles(capsys, "models") == [
        "model",
        "name",
        "status",
        "versions",
        "latest",
        "serving",
        "run of the latest",
        "created (UTC)",
    ]
    assert cells(capsys, "models") == [["model/digits", "-", "active", "2", "2", "production 1", "run/b", created]]
    assert cells(capsys, "datasets") == [
        ["dataset/digits", "-", "active", "2", created, "2,000", "4,096", "f" * 64, "s3://b/d"]
    ]


def test_what_serves_which_stage_now_and_at_a_time(log, capsys):
    model, other = "model/digits", "model/letters"
    record_events(
        log,
        [
            make_event(model, "ModelRegistered", 1, version=1, run="run/a"),
            make_event(model, "ModelRegistered", 2, version=2, run="run/b"),
            make_event(model, "ModelPromoted", 3, version=1, stage="production", promoted_by="ada"),
            make_event(model, "ModelPromoted", 10, version=2, stage="production", promoted_by="grace"),
            make_event(other, "ModelPromoted", 4, version=7, stage="production"),
            make_event(other, "ModelPromoted", 5, version=8, stage="staging", promoted_by="ada"),
        ],
    )
    now = [
        [model, "production", "2", "2026-11-22 15:08", "grace", "run/b"],
        [other, "production", "7", "2026-11-22 15:08", "-", "-"],
        [other, "staging", "8", "2026-11-22 15:08", "ada", "-"],
    ]
    record_events(log, [make_event(other, "Hidden", 20)])  # which takes it out of no stage
    assert titles(capsys, "serving") == ["model", "stage", "version", "since (UTC)", "promoted by", "run"]
    assert cells(capsys, "serving") == now
    assert cells(capsys, "serving", "--stage", "production") == now[:2]
    earlier = [[model, "production", "1", "2026-11-22 15:08", "ada", "run/a"], now[1]]
    assert cells(capsys, "serving", "--stage", "production", "--as-of", "2026-11-22T15:08:09") == earlier
    assert run_cli(capsys, "serving", "--as-of", "2020-01-01")[1].startswith("nothing serves any stage. One line ")
    assert (
        run_cli(capsys, "serving", "--stage", "prodction")[1]
        == "nothing serves the stage prodction; did you mean `production`?\n"
    )
    assert run_cli(capsys, "serving", "--stage", "blue\x1b")[1] == "nothing serves the stage blue\\x1b\n"


@pytest.mark.parametrize("command", ["runs", "models", "datasets"])
def test_an_empty_list_is_one_line_that_tells_how_to_make_the_first(log, capsys, command):
    record_events(
        log, [make_event("run/a", "TrainingStarted")] if command != "runs" else [make_event("model/m", "ModelRetired")]
    )
    [line] = run_cli(capsys, command)[1].splitlines()
    assert line.startswith(f"no {command} yet. ")
    assert "training_events" in line
    left_out = {"hidden_left_out": 0} | ({"logged_left_out": 0} if command == "models" else {})
    assert parse_document(command, run_cli(capsys, command, "--json")[1]) == {command: [], **left_out}


def test_models_that_were_only_logged_are_left_out_and_counted_until_all_is_asked_for(log, capsys):
    logged = [make_event(f"model/m-{number}", "ModelLogged", number, name="tree", run="run/a") for number in range(3)]
    record_events(log, [*logged, make_event("model/m-0", "ModelRegistered", 5, version=1)])
    assert cli.run(["models"]) == 0
    printed = capsys.readouterr()
    assert [line.split()[0] for line in printed.out.splitlines()[1:]] == ["model/m-0"]
    assert printed.err == "2 only logged, without a version, left out: --all lists them\n"
    document = parse_document("models", run_cli(capsys, "models", "--json")[1])
    assert (len(document["models"]), document["hidden_left_out"], document["logged_left_out"]) == (1, 0, 2)
    document = parse_document("models", run_cli(capsys, "models", "--all", "--json")[1])
    assert [model["logged"]["name"] for model in document["models"]] == ["tree"] * 3
    assert "tree: ready" in run_cli(capsys, "show", "model/m-1")[1]
