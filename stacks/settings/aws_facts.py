"""The values that AWS allows, taken from the installed botocore, so that this project needs no lists of its own."""

import os
import re
from functools import cache

import botocore.session
from botocore.model import StringShape

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html (days)
LOG_RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)


@cache
def _session() -> botocore.session.Session:
    """A session without a profile: what AWS allows does not depend on the user's profile, or on whether it exists."""
    nothing, no_file = (None, None, None, None), (None, None, os.devnull, None)
    return botocore.session.Session(
        {"profile": nothing, "data_path": nothing, "config_file": no_file, "credentials_file": no_file}
    )


@cache
def regions() -> tuple[str, ...]:
    """The regions, of all partitions, that have SageMaker."""
    partitions = _session().get_available_partitions()
    return tuple(region for partition in partitions for region in _session().get_available_regions("sagemaker", partition))


def partition_of(region: str) -> str:
    """`aws`, `aws-cn`, `aws-us-gov` …: the second field of every ARN in the region."""
    return str(_session().get_partition_for_region(region))


def _enumerated(service: str, shape_name: str) -> tuple[str, ...]:
    shape = _session().get_service_model(service).shape_for(shape_name)
    return tuple(shape.enum) if isinstance(shape, StringShape) else ()


@cache
def notebook_instance_types() -> tuple[str, ...]:
    return _enumerated("sagemaker", "InstanceType")


@cache
def notebook_platforms() -> tuple[str, ...]:
    pattern = _session().get_service_model("sagemaker").shape_for("PlatformIdentifier").metadata["pattern"]
    return tuple(re.findall(r"[\w-]+", pattern))


@cache
def lambda_python_runtimes() -> tuple[str, ...]:
    """The Python runtimes new enough for the package, which needs 3.11."""
    runtimes = _enumerated("lambda", "Runtime")
    return tuple(name for name in runtimes if name.startswith("python3.") and int(name.removeprefix("python3.")) >= 11)
