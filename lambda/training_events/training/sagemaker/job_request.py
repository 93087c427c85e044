"""The CreateTrainingJob request of a training that was asked for: from its recipe, or completed where it came in full.

Whatever is made here is checked against SageMaker's limits: it can be sent, or it names the field that is wrong.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from training_events.catalogue.stored import Stored
from training_events.errors import NotStartable
from training_events.redaction.tokens import MASK
from training_events.training.sagemaker import limits
from training_events.training.sagemaker.pinned_inputs import (
    PREFIX,
    Copy,
    JobRequest,
    Manifest,
    copy_of,
    file_name,
    folder_source,
    is_pinned,
    is_pinned_folder,
    pinned_source,
    unpinned_source,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from training_events.catalogue.run import TrainingRequested, UsedDataset
    from training_events.errors import JsonPath
    from training_events.training.recipe import CodeArchive, Recipe, SageMakerJob

MAX_WAITS = 2
"""A spot training may take so many times its longest running time, with all that it waits for instances."""
_INTERPRETERS = {"python", "python3", "bash", "sh"}
_RUN = "TRAINING_EVENTS_RUN"


def request_for(
    recipe: Recipe | None,
    asked: TrainingRequested,
    *,
    name: str,
    role: str,
    bucket: str,
    environment: Mapping[str, str],
) -> JobRequest:
    """The request for the training job `name`, which runs with this role and writes into this bucket. Raises NotStartable.

    `asked` has all hyperparameters and datasets; the role of a dataset is its channel. `environment` are the variables of the
    job's recorder: they come before others of the same name.
    """
    parts = _Parts(bucket)
    request = (
        _from_recipe(recipe.sagemaker, name, bucket) if recipe is not None and recipe.sagemaker else dict(asked.request or {})
    )
    for field, value in (("TrainingJobName", name), ("RoleArn", role)):
        if request.setdefault(field, value) != value:
            raise NotStartable((field,), f"is {request[field]!a:.80}", f"{value!a:.120}, or nothing")
    request.setdefault("OutputDataConfig", {"S3OutputPath": output_path(bucket)})
    if hyperparameters := as_texts(asked.hyperparameters or {}):
        request["HyperParameters"] = _object(request, "HyperParameters") | hyperparameters
    if recipe is not None and recipe.sagemaker and recipe.sagemaker.code:
        request["HyperParameters"] = request.get("HyperParameters", {}) | parts.script(recipe.sagemaker)
    given = _object(request, "Environment") | (recipe.environment if recipe is not None else {})
    if given.get(_RUN, name) != name:
        raise NotStartable(("Environment", _RUN), f"is {given[_RUN]!a:.80}", "nothing: the run has the name of its job")
    request["Environment"] = given | dict(environment) | _own_variables(request, asked.reproduces)
    if channels := parts.channels(request.get("InputDataConfig", []), asked.datasets):
        request["InputDataConfig"] = channels
    check_not_masked(request)
    limits.check(request)
    return JobRequest(request, bucket, parts.copies, parts.manifests)


def as_texts(hyperparameters: Mapping[str, Any]) -> dict[str, str]:
    """SageMaker takes only texts. Its SDK writes other values as JSON, and the recorder in the job reads them as such."""
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in hyperparameters.items()}


def check_not_masked(value: Any, path: JsonPath = ()) -> None:
    """The log has a mask in place of each credential: a job that gets the mask fails late. Raises NotStartable."""
    if isinstance(value, str) and MASK in value:
        what = "it looked like a credential, and was masked when it was recorded"
        raise NotStartable(path, what, "no credential: the job gets it from AWS Secrets Manager, by its role")
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in items:
        check_not_masked(item, (*path, step))


def output_path(bucket: str) -> str:
    """SageMaker adds the job's name: the model is `runs/<name>/output/model.tar.gz`, beside what the recorder keeps."""
    return f"s3://{bucket}/runs"


def checkpoints_path(bucket: str, name: str) -> str:
    """Of one job alone: it would resume from what another one has left here."""
    return f"s3://{bucket}/runs/{name}/job-checkpoints"


def _from_recipe(job: SageMakerJob, name: str, bucket: str) -> dict[str, Any]:
    algorithm: dict[str, Any] = {"TrainingImage": job.image, "TrainingInputMode": "File"}
    if job.entry_point is not None and job.code is None:
        algorithm["ContainerEntrypoint"] = list(job.entry_point)
    stopping = {"MaxRuntimeInSeconds": job.max_runtime_seconds}
    request: dict[str, Any] = {
        "AlgorithmSpecification": algorithm,
        "ResourceConfig": {
            "InstanceType": job.instance_type,
            "InstanceCount": job.instance_count,
            "VolumeSizeInGB": job.volume_gb,
        },
        "StoppingCondition": stopping,
    }
    if job.spot:  # an interrupted training goes on from its checkpoints
        stopping["MaxWaitTimeInSeconds"] = MAX_WAITS * job.max_runtime_seconds
        request["EnableManagedSpotTraining"] = True
        request["CheckpointConfig"] = {"S3Uri": checkpoints_path(bucket, name)}
    return request


def _own_variables(request: dict[str, Any], reproduces: str | None) -> dict[str, str]:
    own = {} if reproduces is None else {"TRAINING_EVENTS_REPRODUCES": reproduces}
    image = _object(request, "AlgorithmSpecification").get("TrainingImage")
    return own | {"TRAINING_EVENTS_IMAGE": image} if isinstance(image, str) and "@sha256:" in image else own


def _object(request: dict[str, Any], field: str) -> dict[str, Any]:
    """What a request in full has in this field. Raises NotStartable, where it is no object."""
    value = request.get(field, {})
    if not isinstance(value, dict):
        raise NotStartable((field,), f"is {value!a:.60}", "an object")
    return value


class _Parts:
    """What the request refers to in the bucket."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket
        self.copies: list[Copy] = []
        self.manifests: list[Manifest] = []

    def script(self, job: SageMakerJob) -> dict[str, str]:
        """The hyperparameters by which SageMaker's training toolkit gets the code, and runs it instead of the image's own.

        https://github.com/aws/sagemaker-training-toolkit. The archive is read by its key: so the key has to say its content.
        """
        code, words = job.code, [*(job.entry_point or ["train.py"])]
        if code is None:
            return {}
        if len(words) > 1 and words[0] in _INTERPRETERS:  # the toolkit itself knows how to run .py and .sh
            words = words[1:]
        if len(words) != 1:
            allowed = 'one file of the archive, as in ["python", "train.py"]; its arguments are the hyperparameters'
            raise NotStartable(("sagemaker", "entry_point"), f"is {' '.join(words)!a:.80}, beside code", allowed)
        own = {"sagemaker_program": words[0], "sagemaker_submit_directory": self._archive(code)}
        return {name: json.dumps(value) for name, value in own.items()}  # as SageMaker's SDK does

    def _archive(self, code: CodeArchive) -> str:
        stored = Stored(code.uri, sha256=code.sha256)
        if stored.is_content_addressed:
            return code.uri
        key = f"{PREFIX}/{code.sha256}/{file_name(code.uri)}"
        self.copies.append(copy_of(stored, self._bucket, key, ("sagemaker", "code", "uri")))
        return f"s3://{self._bucket}/{key}"

    def channels(self, given: Any, datasets: Sequence[UsedDataset]) -> Any:
        """The channels of the request, then those of the datasets. Raises NotStartable."""
        by_name: dict[str, list[UsedDataset]] = {}
        for dataset in datasets:
            by_name.setdefault(dataset.role or "training", []).append(dataset)
        if not by_name:
            return given
        if not isinstance(given, list):
            raise NotStartable(("InputDataConfig",), f"is {given!a:.60}", "a list")
        made = [
            {"ChannelName": name, "DataSource": {"S3DataSource": self._source(used, len(given) + number)}}
            for number, (name, used) in enumerate(by_name.items())
        ]
        return [*given, *made]

    def _source(self, datasets: list[UsedDataset], index: int) -> dict[str, Any]:
        path: JsonPath = ("InputDataConfig", index, "DataSource", "S3DataSource", "S3Uri")
        if len(datasets) == 1 and is_pinned_folder(datasets[0]):
            source, copied = folder_source(datasets[0], self._bucket, path)
            self.copies.append(copied)
            return source
        if len(datasets) == 1 and not is_pinned(datasets[0]):
            return unpinned_source(datasets[0], path)
        files: dict[str, UsedDataset] = {}
        for dataset in datasets:
            name = file_name(dataset.uri or "")
            if not is_pinned(dataset):
                raise NotStartable(
                    path, f"{dataset.uri!a:.80} is a folder, or has no version and no sha256", "pinned objects, or one folder"
                )
            if name in files:
                raise NotStartable(path, f"two objects are called {name!a:.80}", "each name once in a channel")
            files[name] = dataset
        pinned = pinned_source(files, self._bucket, path)
        self.copies += pinned.copies
        self.manifests.append(pinned.manifest)
        return pinned.source
