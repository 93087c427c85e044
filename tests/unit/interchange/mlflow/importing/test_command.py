"""`training-events import`: what it prints, what the log has afterwards, and every way for it to fail."""

import sqlite3
from collections import Counter
from contextlib import closing

import pytest
from training_events import cli
from training_events.stores.sqlite.event_log import SqliteLog

from tests.support import mlflow_stores
from tests.support.command_line import parse_document, run_cli
from tests.support.importing import uri_of

pytestmark = pytest.mark.slow  # importing MLflow takes seconds


def events(file):
    with closing(sqlite3.connect(file)) as database:
        return set(database.execute("SELECT stream, position, digest FROM events"))


def test_mlflows_client_reads_from_the_log_what_it_reads_from_the_store(made_store, tmp_path, capsys):
    from training_events.interchange.mlflow.store import Store  # noqa: PLC0415 - MLflow takes seconds

    code, out, _ = run_cli(capsys, "import", "mlflow", uri_of(made_store), "--log", "sqlite:///log.db", "--json")
    document = parse_document("import", out)
    assert (code, document["left"], document["store"]) == (0, [], uri_of(made_store))
    client, store = mlflow_stores.client_of(uri_of(made_store)), Store(f"training-events://{tmp_path}/log.db")
    runs = mlflow_stores.runs_of(client)
    assert document["runs"] == len(runs)
    for there, experiment in runs:
        here = store.get_run(there.info.run_id)
        same = ("status", "start_time", "end_time", "user_id", "run_name", "artifact_uri")
        assert [getattr(here.info, name) for name in same] == [getattr(there.info, name) for name in same]
        assert store.get_experiment(here.info.experiment_id).name == experiment
        assert here.data.params == there.data.params
        assert here.data.tags == there.data.tags | ({"api_key": "***"} if "api_key" in there.data.tags else {})
        assert {name: repr(value) for name, value in here.data.metrics.items()} == {
            name: repr(value) for name, value in there.data.metrics.items()
        }
        assert here.to_dictionary()["inputs"] == there.to_dictionary()["inputs"]
        for name in there.data.metrics:
            histories = (store.get_metric_history(there.info.run_id, name), client.get_metric_history(there.info.run_id, name))
            one, other = (Counter((it.step, it.timestamp, repr(it.value)) for it in history) for history in histories)
            assert one == other
    code, out, _ = run_cli(capsys, "import", "mlflow", uri_of(made_store), "--log", "sqlite:///log.db", "--json")
    assert parse_document("import", out) == document | {"recorded": 0, "points": 0, "artifacts": 0}
    code, out, _ = run_cli(capsys, "verify", "--all", "--log", "sqlite:///log.db")
    assert code == 0


def test_it_prints_a_line_for_all_and_one_for_each_credential(made_store, capsys):
    code, out, _ = run_cli(capsys, "import", "mlflow", uri_of(made_store), "--log", "sqlite:///log.db")
    *fields, counts = out.splitlines()
    assert code == 0
    assert [field.partition(": ")[2] for field in fields] == [
        "tags.api_key held what looks like a credential, which was not recorded"
    ]
    assert "8 experiments" in counts
    assert "1 logged model, 2 registered models; recorded: " in counts


def test_what_is_left_out_has_a_line_each_and_the_exit_code_says_so(store_file, capsys):
    with closing(sqlite3.connect(store_file)) as database, database:
        database.execute("INSERT INTO tags VALUES ('long', ?, ?)", ("x" * 70_000, mlflow_stores.run_id(4)))
    code, out, err = run_cli(capsys, "import", "mlflow", uri_of(store_file), "--log", "sqlite:///log.db")
    assert code == 1
    assert f"run/{mlflow_stores.run_id(4)}: tags.long: the value has 70002 bytes; allowed: 65536\n" in out
    assert "1 thing of the store could not be recorded" in err


def test_after_ctrl_c_the_next_import_goes_on(made_store, tmp_path, capsys, monkeypatch):
    append = SqliteLog.append
    left = [40]

    def interrupted(self, event, **options):
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt
        return append(self, event, **options)

    monkeypatch.setattr(SqliteLog, "append", interrupted)
    assert run_cli(capsys, "import", "mlflow", uri_of(made_store), "--log", "sqlite:///log.db") == (
        130,
        "",
        "training-events: what was recorded stays; import again to go on\n",
    )
    for log in ("log.db", "other.db"):
        assert cli.run(["import", "mlflow", uri_of(made_store), "--log", f"sqlite:///{log}"]) == 0
    assert events(tmp_path / "log.db") == events(tmp_path / "other.db")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["wandb"], "files of Weights & Biases are not imported; allowed: mlflow"),
        (["tensorboard", "./runs"], "event files of TensorBoard are not imported; allowed: mlflow"),
        (["mlfow", "./mlruns"], "nothing is imported from 'mlfow'; allowed: mlflow"),
        (["mlflow"], "the store's URI is missing"),
        (["mlflow", "./mlruns"], "there is no MLflow store at ./mlruns: no such folder; allowed: a folder"),
        (["mlflow", "."], "there is no MLflow store at .: the folder holds no experiment"),
        (["mlflow", "sqlite:///missing.db"], "there is no MLflow store at sqlite:///missing.db: no such file"),
        (["mlflow", "sqlite:///other.db"], "another program's database"),
        (["mlflow", "nowhere://x"], "nowhere://x is no MLflow store"),
        (
            ["mlflow", "mysql+cymysql://ada:hunter2@db/mlflow"],
            "mysql+cymysql://db/mlflow needs cymysql, which is not installed",
        ),
    ],
)
def test_a_mistake_of_the_caller_is_one_line_and_makes_nothing(tmp_path, capsys, arguments, message):
    with closing(sqlite3.connect(tmp_path / "other.db")) as database, database:
        database.execute("CREATE TABLE other (id)")
    code, out, err = run_cli(capsys, "import", *arguments, "--log", "sqlite:///log.db")
    assert (code, out) == (2, "")
    assert message in err
    assert {file.name for file in tmp_path.iterdir()} == {"other.db"}


def test_the_folder_of_artifacts_beside_a_database_is_no_store(tmp_path, capsys):
    (tmp_path / "mlruns" / "0" / "b5af07be" / "artifacts").mkdir(parents=True)
    (tmp_path / "mlflow.db").touch()
    code, out, err = run_cli(capsys, "import", "mlflow", "./mlruns", "--log", "sqlite:///log.db")
    flaw = "there is no MLflow store at ./mlruns: the folder holds no experiment; beside it is sqlite:///mlflow.db"
    assert (code, out, err) == (2, "", f"training-events: {flaw}\n")


def test_a_store_of_another_version_of_mlflow_stays_as_it_is(store_file, capsys):
    with closing(sqlite3.connect(store_file)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '451aebb31d03'")
    before = store_file.read_bytes()
    code, _, err = run_cli(capsys, "import", "mlflow", uri_of(store_file), "--log", "sqlite:///log.db")
    assert code == 2
    assert "run `mlflow db upgrade` on a copy of it" in err
    assert store_file.read_bytes() == before


def test_a_server_that_is_not_there_is_one_line_without_the_password(capsys, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    code, out, err = run_cli(capsys, "import", "mlflow", "http://ada:hunter2@127.0.0.1:9", "--log", "sqlite:///log.db")
    assert (code, out) == (1, "")
    assert "the MLflow store http://127.0.0.1:9: " in err
    assert "hunter2" not in err


def test_over_a_bus_the_log_has_to_be_readable(store_file, capsys, monkeypatch):
    monkeypatch.setenv("TRAINING_EVENTS_BUS", "training")
    code, _, err = run_cli(capsys, "import", "mlflow", uri_of(store_file))
    assert code == 2
    assert "TRAINING_EVENTS_LOG is not set: an import over a bus reads there what the log has already" in err
