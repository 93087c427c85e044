"""The files that SageMaker puts below /opt/ml, as its documentation and its training toolkit show them."""

import json
from pathlib import Path
from typing import Any

RESOURCES = {
    "current_host": "algo-2",
    "current_instance_type": "ml.c5.xlarge",
    "current_group_name": "homogeneousCluster",
    "hosts": ["algo-1", "algo-2", "algo-3"],
    "instance_groups": [
        {
            "instance_group_name": "homogeneousCluster",
            "instance_type": "ml.c5.xlarge",
            "hosts": ["algo-3", "algo-2", "algo-1"],
        }
    ],
    "network_interface_name": "eth0",
}
HYPERPARAMETERS = {
    "alpha": "0.0001",
    "epochs": "8",
    "early_stopping": "true",
    "layers": "[64, 32]",
    "optimizer": '"sgd"',
    "loss": "log_loss",
    "sagemaker_program": '"train.py"',
    "sagemaker_submit_directory": '"s3://bucket/source/sourcedir.tar.gz"',
    "sagemaker_job_name": '"digits-2026"',
    "_tuning_objective_metric": "accuracy",
}
NOTEBOOK = {
    "ResourceArn": "arn:aws:sagemaker:eu-central-1:123456789012:notebook-instance/training-dev",
    "ResourceName": "training-dev",
}
STUDIO = {
    "AppType": "JupyterLab",
    "DomainId": "d-abcdefghijkl",
    "UserProfileName": "ada",
    "ResourceArn": "arn:aws:sagemaker:eu-central-1:123456789012:app/d-abcdefghijkl/ada/JupyterLab/default",
    "ResourceName": "default",
}


def training_job(folder: Path, resources: Any = RESOURCES, hyperparameters: Any = HYPERPARAMETERS) -> Path:
    config = folder / "input/config"
    config.mkdir(parents=True)
    (config / "resourceconfig.json").write_text(json.dumps(resources), encoding="utf-8")
    (config / "hyperparameters.json").write_text(json.dumps(hyperparameters), encoding="utf-8")
    return folder


def notebook(folder: Path, metadata: Any = NOTEBOOK) -> Path:
    (folder / "metadata").mkdir(parents=True)
    (folder / "metadata/resource-metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
    return folder
