"""The state of the exports in the data bucket: commands that run at once change it one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from training_events.analytics.export_state import PREFIX, STATE, ExportState, read_state, write_state
from training_events.errors import Overtaken

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client

MAX_ATTEMPTS = 10
_LOST_RACE = {"PreconditionFailed", "ConditionalRequestConflict"}


class StateInS3:
    """`state.json` in a bucket. S3 writes it only over what was read.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    """

    def __init__(self, bucket: str, client: S3Client) -> None:
        self._bucket, self._client = bucket, client
        self._key = f"{PREFIX}/{STATE}"

    @property
    def address(self) -> str:
        return f"s3://{self._bucket}/{self._key}"

    def change(self, change: Callable[[ExportState], ExportState]) -> ExportState:
        """The state after `change`, which is called again where another command was faster."""
        for _ in range(MAX_ATTEMPTS):
            state, condition = self._read()
            changed = change(state)
            if changed == state or self._put(changed, condition):
                return changed
        raise Overtaken(f"other commands wrote {self.address} {MAX_ATTEMPTS} times meanwhile")

    def _read(self) -> tuple[ExportState, dict[str, str]]:
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._key)
        except self._client.exceptions.NoSuchKey:
            return ExportState(), {"IfNoneMatch": "*"}
        return read_state(answer["Body"].read(), self.address), {"IfMatch": answer["ETag"]}

    def _put(self, state: ExportState, condition: dict[str, Any]) -> bool:
        try:
            self._client.put_object(
                Bucket=self._bucket, Key=self._key, Body=write_state(state), ContentType="application/json", **condition
            )
        except ClientError as refusal:
            if refusal.response["Error"]["Code"] in _LOST_RACE:
                return False
            raise
        return True
