"""Stores of MLflow, made through its own client and, where there is much in them, by rows of their tables."""

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MARKS = ("plain", "a b/c", "ümlaut €", "'quoted' \"twice\"", "%_like%", "日本語", "trailing.", "-dash", "\u2126 ohm", "x--like")
"""Parts of odd names."""
VALUES = (float("nan"), float("inf"), float("-inf"), 0.0, -1.5, 1e308, 1e-308, 1 / 3)
"""Values of metrics that not every store can hold."""
STARTED_MS = 1_700_000_000_000


def sqlite_store(file: Path) -> str:
    """The URI of a store in this file, with the tables of this version of MLflow and nothing in them."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore  # noqa: PLC0415 - takes seconds

    uri = f"sqlite:///{file}"
    SqlAlchemyStore(uri, str(file.parent / "artifacts")).engine.dispose()
    return uri


def add_runs(file: Path, runs: int, *, experiments: int = 5, points: int = 5, first: int = 0) -> None:
    """Add runs with odd names to the store in this file: nested ones, deleted ones, of each status, with odd values.

    The same arguments add the same runs. `first` numbers the first of them.
    """
    with sqlite3.connect(file) as database:
        for number in range(experiments):
            name = f"{MARKS[number % len(MARKS)]} {number}"
            stage = "deleted" if number == experiments - 1 else "active"
            experiment = (100 + number, name, str(file.parent / f"artifacts/{number}"), STARTED_MS, STARTED_MS, stage)
            database.execute(
                """INSERT OR IGNORE INTO experiments (experiment_id, name, artifact_location, creation_time, last_update_time,
                lifecycle_stage, workspace) VALUES (?, ?, ?, ?, ?, ?, 'default')""",
                experiment,
            )
        for number in range(first, first + runs):
            for table, columns, row in _rows_of_run(number, experiments, points, file.parent):
                marks = ", ".join("?" * len(row))
                database.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", row)  # noqa: S608
    database.close()


def run_id(number: int) -> str:
    return f"{number:032x}"


def _rows_of_run(number: int, experiments: int, points: int, folder: Path) -> Iterator[tuple[str, str, tuple[object, ...]]]:
    """The rows of one run, each with its table and columns."""
    chance = random.Random(number)  # noqa: S311 - the same runs each time
    id_, start = run_id(number), STARTED_MS + 1000 * number
    status = ("FINISHED", "FINISHED", "FAILED", "KILLED", "RUNNING", "SCHEDULED")[number % 6]
    yield (
        "runs",
        """run_uuid, name, experiment_id, user_id, status, start_time, end_time, lifecycle_stage, artifact_uri, source_type,
        source_name, entry_point_name""",
        (
            id_, MARKS[number % len(MARKS)], 100 + number % experiments, "someone", status, start,
            None if status in ("RUNNING", "SCHEDULED") else start + 60_000,
            "deleted" if number % 10 == 9 else "active", str(folder / "artifacts" / id_), "LOCAL", "train.py", "",
        ),
    )  # fmt: skip
    tags = {"mlflow.runName": MARKS[number % len(MARKS)], "mlflow.source.name": "train.py", "group": "of the user"}
    if number % 5 == 4:
        tags["mlflow.parentRunId"] = run_id(number - 1)
    yield from (("tags", "run_uuid, key, value", (id_, key, value)) for key, value in tags.items())
    params = {"lr": repr(chance.random()), MARKS[number % len(MARKS)]: "x" * chance.randrange(300)}
    yield from (("params", "run_uuid, key, value", (id_, key, value)) for key, value in params.items())
    for name in ("loss", f"{MARKS[number % len(MARKS)]} metric"):
        latest = None
        for step in range(points):
            value = chance.choice(VALUES) if chance.random() < 0.3 else chance.gauss(0, 1)
            row = (id_, name, *_stored(value), start + 10 * step, step - 1)
            latest = row
            yield "metrics", "run_uuid, key, value, is_nan, timestamp, step", row
        if latest is not None:
            yield "latest_metrics", "run_uuid, key, value, is_nan, timestamp, step", latest


def _stored(value: float) -> tuple[float, bool]:
    """How MLflow's database has a value: no number of SQL is NaN or infinite."""
    if value != value:  # noqa: PLR0124 - NaN
        return 0.0, True
    return max(-1.7976931348623157e308, min(1.7976931348623157e308, value)), False


def fill(uri: str, folder: Path) -> None:
    """One of everything that an import takes, recorded with MLflow's client into the store at this URI."""
    import mlflow  # noqa: PLC0415 - takes seconds
    from mlflow.entities import Dataset, DatasetInput, InputTag, LoggedModelOutput, LoggedModelStatus, Metric  # noqa: PLC0415

    mlflow.set_tracking_uri(uri)  # the registry asks there for a logged model
    client = mlflow.MlflowClient(uri, uri)
    experiment = client.create_experiment("digits", str(folder / "files"), tags={"team": "vision"})
    parent = client.create_run(experiment, start_time=STARTED_MS, tags={"mlflow.user": "ada"}, run_name="parent").info.run_id
    child = client.create_run(
        experiment,
        start_time=STARTED_MS + 5,
        tags={"mlflow.parentRunId": parent, "api_key": "hunter2hunter2"},
        run_name="child",
    ).info.run_id
    for step in range(4):
        client.log_metric(child, "loss", 1 / (step + 1), STARTED_MS + 10 * step, step)
    client.log_metric(child, "loss", float("nan"), STARTED_MS + 50, 5)
    client.log_metric(child, "loss", float("nan"), STARTED_MS + 50, 5)
    client.log_metric(child, "early", 1.0, 0, 0)
    client.log_param(child, "C", "1.0")
    dataset = Dataset("digits", "8f2c41d9", "local", '{"uri": "s3://b/digits.npz"}', '{"columns": []}', '{"rows": 7}')
    client.log_inputs(child, [DatasetInput(dataset, [InputTag("mlflow.data.context", "train")])])
    client.log_text(child, "weights", "model/weights.txt")
    model = client.create_logged_model(experiment, "net", child, {"stage": "made"}, {"depth": "3"}, "sklearn")
    client.log_outputs(child, [LoggedModelOutput(model.model_id, 3)])
    client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    measured = Metric("acc", 0.75, STARTED_MS + 60, 3, model.model_id, "digits", "8f2c41d9", child)
    client.log_batch(child, [measured])
    client.set_terminated(child, "FINISHED", STARTED_MS + 100)
    client.set_terminated(parent, "FAILED", STARTED_MS + 200)
    gone = client.create_run(experiment, start_time=STARTED_MS + 7).info.run_id
    client.delete_run(gone)
    client.delete_experiment(client.create_experiment("dropped"))
    client.create_registered_model("net", {"owner": "ada"}, "reads digits")
    for number, source in enumerate((f"models:/{model.model_id}", "s3://bucket/v2", "s3://bucket/v3"), start=1):
        client.create_model_version("net", source, child, {"number": str(number)}, description=f"version {number}")
    client.set_registered_model_alias("net", "champion", "2")
    client.transition_model_version_stage("net", "1", "Archived")
    client.transition_model_version_stage("net", "3", "Production")
    client.create_registered_model("empty")


def client_of(uri: str) -> Any:
    """MLflow's own client of the store."""
    import mlflow  # noqa: PLC0415

    return mlflow.MlflowClient(uri, uri)


def experiments_of(client: Any) -> list[Any]:
    """All experiments of a store, deleted ones too."""
    from mlflow.entities import ViewType  # noqa: PLC0415

    return list(client.search_experiments(ViewType.ALL))


def runs_of(client: Any) -> list[tuple[Any, str]]:
    """All runs of a store, deleted ones too, each with the name of its experiment."""
    from mlflow.entities import ViewType  # noqa: PLC0415

    return [
        (run, experiment.name)
        for experiment in experiments_of(client)
        for run in client.search_runs([experiment.experiment_id], run_view_type=ViewType.ALL)
    ]
