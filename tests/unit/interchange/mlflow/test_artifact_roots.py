"""Where artifacts are: what is recorded of it does not say where the log is, and each caller gets an address of its own."""

import pytest
from training_events.interchange.mlflow.artifact_roots import ArtifactRoots, in_log

pytestmark = pytest.mark.slow  # MLflow takes seconds to import

FILE = "training-events:///data/log.db"
TABLES = "training-events://log?read_models=models"
ENVIRONMENT = "training-events://"
SERVER = "mlflow-artifacts:/"


@pytest.mark.parametrize(
    ("address", "root", "uri"),
    [
        (FILE, None, "training-events:///data/log.db/models/m-1/artifacts"),
        (FILE, None, "training-events:/data/log.db/models/m-1/artifacts"),
        (TABLES, None, "training-events://log/models/m-1/artifacts?read_models=models"),
        (ENVIRONMENT, None, "training-events:///models/m-1/artifacts"),
        (FILE, SERVER, "mlflow-artifacts:/models/m-1/artifacts"),
    ],
)
def test_an_address_with_the_log_is_recorded_without_the_log_and_shown_as_the_callers(address, root, uri):
    roots = ArtifactRoots(address, root)
    assert roots.recorded(uri) == in_log("models", "m-1")
    assert roots.shown(in_log("models", "m-1")) in (uri, uri.replace(":/data", ":///data"))
    assert roots.recorded(roots.shown(in_log("runs", "r", "/model/weights"))) == in_log("runs", "r", "/model/weights")


def test_another_caller_gets_what_a_server_has_recorded():
    recorded = ArtifactRoots(FILE, SERVER).recorded("mlflow-artifacts:/runs/r/artifacts/model")
    assert ArtifactRoots(TABLES, None).shown(recorded) == "training-events://log/runs/r/artifacts/model?read_models=models"


@pytest.mark.parametrize(
    "uri", ["s3://bucket/models/m-1/artifacts", "path/to/model", "training-events:///other.db/models/m-1/artifacts"]
)
def test_any_other_address_stays_as_it_is(uri):
    roots = ArtifactRoots(FILE, None)
    assert roots.recorded(uri) == roots.shown(uri) == uri


def test_files_that_an_experiment_keeps_elsewhere_are_there():
    roots = ArtifactRoots(FILE, None)
    assert roots.of_new_model("m-1", "s3://bucket/digits") == "s3://bucket/digits/models/m-1/artifacts"
    elsewhere = ArtifactRoots(FILE, "s3://bucket")
    assert elsewhere.of_new_model("m-1", "s3://bucket/7") == "s3://bucket/7/models/m-1/artifacts"
    assert elsewhere.shown(in_log("models", "m-2")) == "training-events:///data/log.db/models/m-2/artifacts"
