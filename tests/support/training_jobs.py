"""CreateTrainingJob requests as they are held to SageMaker's own model, by another way than the code under test goes."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.session
from botocore.validate import ParamValidator

JOB: dict[str, Any] = {
    "TrainingJobName": "digits-8",
    "AlgorithmSpecification": {
        "TrainingImage": f"123456789012.dkr.ecr.eu-central-1.amazonaws.com/train@sha256:{'a' * 64}",
        "TrainingInputMode": "File",
    },
    "RoleArn": "arn:aws:iam::123456789012:role/training-jobs",
    "OutputDataConfig": {"S3OutputPath": "s3://data/runs"},
    "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
}
"""The smallest request that makes sense."""

_LINE_BREAKS = set("\n\r\u0085\u2028\u2029")
_ONE_LINE = {".*", ".+"}


@cache
def input_shape() -> Any:
    return botocore.session.get_session().get_service_model("sagemaker").operation_model("CreateTrainingJob").input_shape


def flaws_of(request: dict[str, Any]) -> list[str]:
    """What is against the model: by botocore's own validator, then by the bounds that it does not look at."""
    report = ParamValidator().validate(request, input_shape())
    return [report.generate_report()] if report.has_errors() else list(_out_of_bounds(input_shape(), request, "request"))


def _out_of_bounds(shape: Any, value: Any, where: str) -> Iterator[str]:
    yield from _own_flaws(shape.metadata, value, where)
    if shape.type_name == "structure":
        for name, member in value.items():
            yield from _out_of_bounds(shape.members[name], member, f"{where}.{name}")
    if shape.type_name == "list":
        for index, item in enumerate(value):
            yield from _out_of_bounds(shape.member, item, f"{where}[{index}]")
    if shape.type_name == "map":
        for name, item in value.items():
            yield from _out_of_bounds(shape.key, name, f"{where}.{name} (its name)")
            yield from _out_of_bounds(shape.value, item, f"{where}.{name}")


def _own_flaws(metadata: dict[str, Any], value: Any, where: str) -> Iterator[str]:
    least, most, enum = (metadata.get(name) for name in ("min", "max", "enum"))
    if enum and value not in enum:
        yield f"{where}: {value!r} is none of {len(enum)}"
    if least is not None or most is not None:
        size = value if isinstance(value, int) else len(value)
        if size < (least or 0) or size > (most if most is not None else size):
            yield f"{where}: {size} is not {least} to {most}"
    if metadata.get("pattern") in _ONE_LINE and _LINE_BREAKS & set(value):
        yield f"{where}: has a line break"
