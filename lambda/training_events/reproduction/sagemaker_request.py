"""The CreateTrainingJob request that repeats a training job, made of what the log has of it.

SageMaker's own events describe the job, and the recorder in it pinned what they leave open: the digest of the image, the
versions of the data, values of variables. What makes the training what it is is repeated. What only says where the job belonged
is not: tags, the experiment and tuning job, what it registered, the profiler, the warm pool. It writes to places of its own.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from msgspec import field

from training_events.catalogue.run import TrainingRequested
from training_events.redaction.tokens import MASK
from training_events.reproduction.pinned_spec import image_digest, pinned_spec
from training_events.reproduction.sagemaker_inputs import PinnedChannels
from training_events.training.sagemaker import limits
from training_events.training.sagemaker.job_request import (
    MAX_WAITS,
    as_texts,
    check_not_masked,
    checkpoints_path,
    output_path,
)
from training_events.training.sagemaker.pinned_inputs import JobRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from botocore.model import Shape

    from training_events.event import RecordedEvent
    from training_events.folds.run_state import RunState

_REPEATED = (
    "AlgorithmSpecification",
    "InputDataConfig",
    "OutputDataConfig",
    "ResourceConfig",
    "StoppingCondition",
    "VpcConfig",
    "RoleArn",
    "EnableNetworkIsolation",
    "EnableInterContainerTrafficEncryption",
    "EnableManagedSpotTraining",
    "CheckpointConfig",
    "RetryStrategy",
    "ServerlessJobConfig",
)
_STARTERS_OWN = ("TrainingJobName", "RoleArn")
"""The environment's starter gives them: the name of the stream, and the one role that it may give."""
_RECORDERS_OWN = "TRAINING_EVENTS_"
_EMPTY: tuple[Any, ...] = (None, "", {}, [])
_WHOLE_NUMBERS = ("integer", "long")


class JobAgain(JobRequest, frozen=True):
    """`not_pinned` are the reasons, by the name of a pin, why the job may not be quite the one that ran."""

    not_pinned: dict[str, list[str]] = field(default_factory=dict)


def job_details_of(events: Iterable[RecordedEvent]) -> dict[str, Any]:
    """What SageMaker said of the job, the newest word on each part of it. `events` are those of the run's stream."""
    details: dict[str, Any] = {}
    for recorded in events:
        if recorded.event.type == "TrainingJobStateChanged":
            newer = recorded.event.data.get("details")
            details |= {name: value for name, value in newer.items() if value not in _EMPTY} if isinstance(newer, dict) else {}
    return details


def training_job_request(
    state: RunState, job_details: Mapping[str, Any], *, name: str, bucket: str, recorder: Mapping[str, str] | None = None
) -> JobAgain:
    """The request that repeats the run's training job, as the job `name`, which writes into this bucket.

    `recorder` are the variables by which the recorder in the job finds its bus and bucket. Raises NotStartable, with the field
    that cannot be as it was, or that SageMaker would refuse.
    """
    again = _Again(state, bucket)
    request = again.repeated(job_details, name)
    request["Environment"] = again.variables(job_details.get("Environment"), request) | dict(recorder or {})
    if hyperparameters := again.hyperparameters(name):
        request["HyperParameters"] = hyperparameters
    check_not_masked(request)
    limits.check(request)
    if channels := request.get("InputDataConfig"):
        instances = request.get("ResourceConfig", {}).get("InstanceCount")
        request["InputDataConfig"] = again.channels.pinned(channels, instances)
        again.say("datasets", again.channels.reasons)
        limits.check(request)
    return JobAgain(request, bucket, again.channels.copies, again.channels.manifests, again.not_pinned)


def requested_again(job: JobAgain, original: str, requested_by: str | None) -> TrainingRequested:
    """What to publish, once the copies and manifests are there: the training starter creates the job."""
    request = {field: value for field, value in job.request.items() if field not in _STARTERS_OWN}
    return TrainingRequested(request=request, reproduces=original, requested_by=requested_by)


class _Again:
    def __init__(self, state: RunState, bucket: str) -> None:
        self._state, self._spec, self._bucket = state, pinned_spec(state), bucket
        self.channels = PinnedChannels(state.lineage.datasets, bucket)
        self.not_pinned: dict[str, list[str]] = {}

    def say(self, pin: str, reasons: Iterable[str]) -> None:
        if lines := [*self.not_pinned.get(pin, ()), *reasons]:
            self.not_pinned[pin] = lines

    def repeated(self, details: Mapping[str, Any], name: str) -> dict[str, Any]:
        members = limits.input_shape().members
        request = {
            field: value
            for field in _REPEATED
            if field in members and (value := _as_requested(members[field], details.get(field))) not in _EMPTY
        }
        request["TrainingJobName"] = name
        self._set_image(request)
        self._set_resources(request)
        self._set_limits(request)
        output = {field: value for field, value in _part(request, "OutputDataConfig").items() if field != "S3OutputPath"}
        request["OutputDataConfig"] = {"S3OutputPath": output_path(self._bucket), **output}
        if "CheckpointConfig" in request:  # from the original's, the job would go on where that one ended
            checkpoints = _part(request, "CheckpointConfig")
            request["CheckpointConfig"] = {**checkpoints, "S3Uri": checkpoints_path(self._bucket, name)}
        return request

    def _set_image(self, request: dict[str, Any]) -> None:
        algorithm, image = _part(request, "AlgorithmSpecification"), self._spec.image
        uri = algorithm.get("TrainingImage") or (image and image.uri)
        if not uri or "AlgorithmName" in algorithm:
            return
        plain, _, digest = str(uri).partition("@")
        digest = digest or (image and image_digest(image)) or ""
        if digest:  # a tag beside a digest says nothing, and another image may have it by now
            host, slash, rest = plain.rpartition("/")
            plain = f"{host}{slash}{rest.partition(':')[0]}"
        else:
            self.say("image", [f"{plain!a:.200} has no digest: its tag may be another image by now"])
        request["AlgorithmSpecification"] = {
            "TrainingInputMode": "File",
            **algorithm,
            "TrainingImage": f"{plain}@{digest}" if digest else plain,
        }

    def _set_resources(self, request: dict[str, Any]) -> None:
        resources, instance = _part(request, "ResourceConfig"), self._spec.instance
        for name in ("KeepAlivePeriodInSeconds", "TrainingPlanArn"):
            resources.pop(name, None)
        if (
            instance is not None
            and instance.type
            and not {"InstanceType", "InstanceGroups", "InstancePreferences"} & set(resources)
        ):
            resources |= {"InstanceType": instance.type, "InstanceCount": instance.count or 1, "VolumeSizeInGB": 30}
            self.say("hardware", ["nobody recorded the size of the volume: it gets 30 GB"])
        if resources:
            request["ResourceConfig"] = resources

    def _set_limits(self, request: dict[str, Any]) -> None:
        stopping = _part(request, "StoppingCondition")
        runtime = stopping.setdefault("MaxRuntimeInSeconds", limits.DEFAULT_MAX_RUNTIME_SECONDS)
        if request.get("EnableManagedSpotTraining") is True and isinstance(runtime, int):
            stopping.setdefault("MaxWaitTimeInSeconds", MAX_WAITS * runtime)
        else:
            stopping.pop("MaxWaitTimeInSeconds", None)
        request["StoppingCondition"] = stopping

    def hyperparameters(self, name: str) -> dict[str, str]:
        given = self._state.job.hyperparameters if self._state.job else None
        values = as_texts(given or {})
        for hidden in [key for key, value in values.items() if MASK in value or MASK in key]:
            del values[hidden]
            self.say("hyperparameters", [f"{hidden!a:.80} looked like a credential and was masked: the job runs without it"])
        if "sagemaker_job_name" in values:
            values["sagemaker_job_name"] = json.dumps(name)
        if (archive := values.get("sagemaker_submit_directory")) and not _says_content(archive):
            self.say("code", [f"the key of {archive.strip(chr(34))!a:.200} says no digest: it may be other code by now"])
        return values

    def variables(self, names: Any, request: Mapping[str, Any]) -> dict[str, str]:
        """Of a job's variables only the names are kept, and of some the recorder pinned the values."""
        recorded = {name: str(value) for name, value in (self._spec.environment or {}).items() if MASK not in str(value)}
        if not isinstance(names, list):
            names = list(recorded)
        lacking = [name for name in map(str, names) if name not in recorded and not name.startswith(_RECORDERS_OWN)]
        self.say("environment_variables", [f"of {name!a:.80} only the name is recorded" for name in lacking])
        known = {name: recorded[name] for name in map(str, names) if name in recorded and not name.startswith(_RECORDERS_OWN)}
        own = {"TRAINING_EVENTS_REPRODUCES": self._state.stream}
        if (code := self._spec.code) is not None and code.commit and not code.dirty:
            own |= {"TRAINING_EVENTS_GIT_COMMIT": code.commit}
            own |= {"TRAINING_EVENTS_GIT_REPOSITORY": code.repository} if code.repository else {}
        image = str(_part(request, "AlgorithmSpecification").get("TrainingImage", ""))
        return known | own | ({"TRAINING_EVENTS_IMAGE": image} if "@" in image else {})


def _part(request: Mapping[str, Any], field: str) -> dict[str, Any]:
    part = request.get(field)
    return dict(part) if isinstance(part, dict) else {}


def _as_requested(shape: Shape, value: Any) -> Any:
    """What a description has of a request: known fields that are not empty. Some of SageMaker's events have 1.0 for 1."""
    if shape.type_name == "structure" and isinstance(value, dict):
        members = shape.members  # type: ignore[attr-defined]
        kept = {name: _as_requested(members[name], part) for name, part in value.items() if name in members}
        return {name: part for name, part in kept.items() if part not in _EMPTY}
    if shape.type_name == "list" and isinstance(value, list):
        return [_as_requested(shape.member, part) for part in value]  # type: ignore[attr-defined]
    if shape.type_name in _WHOLE_NUMBERS and type(value) is float and value.is_integer():
        return int(value)
    return value


def _says_content(archive: str) -> bool:
    """Whether its name, or the folder that it is in, is a SHA-256."""
    return any(len(word) >= 64 and set(word[-64:]) <= set("0123456789abcdef") for word in _words(archive))


def _words(archive: str) -> list[str]:
    return [part.partition(".")[0] for part in archive.strip('"').rsplit("/", 2)[1:]]
