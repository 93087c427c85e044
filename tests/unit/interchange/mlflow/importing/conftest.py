"""One store of MLflow with everything in it, made once: tests change copies of it."""

import shutil

import pytest

from tests.support import mlflow_stores

RUNS = 30


@pytest.fixture(scope="session")
def made_store(tmp_path_factory):
    """The file of a database with one of everything, and runs of odd names and values."""
    file = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    mlflow_stores.fill(mlflow_stores.sqlite_store(file), file.parent)
    mlflow_stores.add_runs(file, RUNS)
    return file


@pytest.fixture
def store_file(made_store, tmp_path):
    """A copy of it, to be changed."""
    return shutil.copy(made_store, tmp_path / "mlflow.db")
