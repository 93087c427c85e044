"""What a training container and a notebook of SageMaker know about themselves; nothing anywhere else."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from training_events.catalogue.run import Instance
from training_events.recorder.pinning import sagemaker

from tests.support.sagemaker_folder import HYPERPARAMETERS, NOTEBOOK, RESOURCES, STUDIO, notebook, training_job
from tests.support.strategies import loose_values

TOOLKIT = {
    "SM_HOSTS": '["algo-1","algo-2"]',
    "SM_CURRENT_HOST": "algo-1",
    "SM_CURRENT_INSTANCE_TYPE": "ml.g5.xlarge",
    "SM_HPS": '{"alpha":0.5}',
}


def test_a_training_job_knows_its_instances_and_hyperparameters(tmp_path):
    folder = training_job(tmp_path)
    assert sagemaker.instance({}, folder) == Instance("ml.c5.xlarge", 3)
    assert sagemaker.hosts({}, folder) == ("algo-2", ["algo-1", "algo-2", "algo-3"])
    assert sagemaker.hyperparameters({}, folder) == {
        "alpha": 0.0001,
        "epochs": 8,
        "early_stopping": True,
        "layers": [64, 32],
        "optimizer": "sgd",
        "loss": "log_loss",
    }
    assert sagemaker.notebook_user(folder) is None


def test_a_job_with_several_instance_types_names_them_all(tmp_path):
    groups = [{"instance_type": "ml.p4d.24xlarge"}, {"instance_type": "ml.c5.xlarge"}, {"instance_type": "ml.c5.xlarge"}]
    folder = training_job(tmp_path, RESOURCES | {"instance_groups": groups})
    assert sagemaker.instance({}, folder) == Instance("ml.c5.xlarge, ml.p4d.24xlarge", 3)


def test_sagemakers_files_have_precedence_over_the_toolkits_variables(tmp_path):
    folder = training_job(tmp_path / "files")
    for ask in (sagemaker.instance, sagemaker.hosts, sagemaker.hyperparameters):
        assert ask(TOOLKIT, folder) == ask({}, folder)
    assert sagemaker.instance(TOOLKIT, tmp_path) == Instance("ml.g5.xlarge", 2)
    assert sagemaker.hosts(TOOLKIT, tmp_path) == ("algo-1", ["algo-1", "algo-2"])
    assert sagemaker.hyperparameters(TOOLKIT, tmp_path) == {"alpha": 0.5}


def test_nothing_is_known_outside_of_sagemaker(tmp_path):
    assert sagemaker.instance({}, tmp_path) is None
    assert sagemaker.hosts({}, tmp_path) == (None, [])
    assert sagemaker.hyperparameters({}, tmp_path) is None
    assert sagemaker.hyperparameters({}, training_job(tmp_path, {}, {"sagemaker_program": "train.py"})) is None
    assert sagemaker.notebook_user(tmp_path) is None
    assert not sagemaker.in_training_job({})
    assert sagemaker.in_training_job({"TRAINING_JOB_NAME": "job"})


@pytest.mark.parametrize(("metadata", "user"), [(NOTEBOOK, "notebook-instance/training-dev"), (STUDIO, "ada"), ({}, None)])
def test_the_user_of_a_notebook(tmp_path, metadata, user):
    assert sagemaker.notebook_user(notebook(tmp_path, metadata)) == user


def answers(folder, environment):
    known = [ask(environment, folder) for ask in (sagemaker.instance, sagemaker.hosts, sagemaker.hyperparameters)]
    return [*known, sagemaker.notebook_user(folder)]


def fill(folder, content):
    for file in ("input/config/resourceconfig.json", "input/config/hyperparameters.json", "metadata/resource-metadata.json"):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(content)


@pytest.mark.parametrize("content", [b"", b"{", b'"text"', b"[1]", b'{"hosts": "\xff"}', b"[" * 100_000])
def test_a_broken_file_counts_as_missing(tmp_path, content):
    fill(tmp_path, content)
    assert answers(tmp_path, {}) == answers(tmp_path / "missing", {}) == [None, (None, []), None, None]


@given(loose_values | st.dictionaries(st.sampled_from([*RESOURCES, *HYPERPARAMETERS, *STUDIO]), loose_values), st.text())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_whatever_the_files_and_variables_hold_nothing_is_raised(tmp_path, value, text):
    fill(tmp_path, json.dumps(value).encode())
    answers(tmp_path, dict.fromkeys(TOOLKIT, text))
