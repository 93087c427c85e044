"""MLflow finds the stores by the scheme of an address, whatever a program has imported first."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow  # MLflow takes seconds to import


def test_a_part_of_this_package_may_be_imported_before_mlflow(tmp_path):
    program = f"""
import training_events.interchange.mlflow.store
from mlflow import MlflowClient
client = MlflowClient("training-events://{tmp_path}/log.db", "training-events://{tmp_path}/log.db")
run = client.create_run("0").info.run_id
client.log_text(run, "said", "note.txt")
client.create_registered_model("digits")
print([file.path for file in client.list_artifacts(run)], client.get_registered_model("digits").name)
"""
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == ("['note.txt'] digits\n", 0), done.stderr
