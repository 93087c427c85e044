"""S3 inside this process, by moto, with a bucket as stacks/ declares it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from moto.s3.models import MultipartChecksumBuilder
from training_events import aws

from tests.support.dynamodb import REGION, aws_in_this_process

BUCKET = "data"
_build = MultipartChecksumBuilder.build


def _as_s3_says_it(builder: MultipartChecksumBuilder) -> Any:
    """moto 5.2.5 leaves out of HeadObject what tells the checksum of an upload in parts from that of the whole: `-<parts>`."""
    if (built := _build(builder)) is None:
        return None
    kind, checksum, parts = built
    return kind, f"{checksum}-{parts}" if kind == "COMPOSITE" else checksum, parts


@contextmanager
def data_bucket(*, versions: bool = True, **environment: str) -> Iterator[Any]:
    """A client of S3, in which the bucket exists."""
    with aws_in_this_process(**environment), patch.object(MultipartChecksumBuilder, "build", _as_s3_says_it):
        s3 = aws.client("s3")
        place = os.environ.get("AWS_DEFAULT_REGION", REGION["AWS_DEFAULT_REGION"])
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": place})
        if versions:
            s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        yield s3
