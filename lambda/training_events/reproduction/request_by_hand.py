"""The commands of the AWS CLI by which a person sends the request that repeats a training job."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

if TYPE_CHECKING:
    from training_events.training.sagemaker.pinned_inputs import JobRequest


def request_commands(job: JobRequest, original: str) -> list[str]:
    """What to type, command by command: first its inputs are put where it names them. The last command judges the run."""
    typed = []
    for copy in job.copies:
        source = quote(copy.uri.removeprefix("s3://")) + (
            f"?versionId={quote(copy.version_id, safe='')}" if copy.version_id else ""
        )
        to = ["--bucket", job.bucket, "--key", copy.key, "--checksum-algorithm", "SHA256"]
        typed.append(shlex.join(["aws", "s3api", "copy-object", "--copy-source", source, *to]))
    for manifest in job.manifests:
        upload = shlex.join(["aws", "s3", "cp", "-", f"s3://{job.bucket}/{manifest.key}"])
        typed.append(f"printf %s {shlex.quote(manifest.content().decode())} | {upload}")
    request = msgspec.json.encode(job.request).decode()
    typed.append(shlex.join(["aws", "sagemaker", "create-training-job", "--cli-input-json", request]))
    name = job.request["TrainingJobName"]
    return [*typed, shlex.join(["training-events", "reproduce", original, "--judge", f"run/{name}"])]
