"""The files that a notebook gets when it starts: the client's wheel and the example, as objects in the data bucket."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from cdktf_cdktf_provider_aws.s3_object import S3Object
from constructs import Construct

from stacks.data_bucket import DataBucket
from stacks.file_object import file_object
from stacks.packaging import client_wheel
from stacks.settings import Settings
from stacks.settings.folders import SOURCES

PREFIX = "client"
EXAMPLE = SOURCES / "examples" / "train_digits.ipynb"


@dataclass(frozen=True)
class ClientFile:
    """A file of this project as an object in the data bucket."""

    object: S3Object
    sha256: str

    @property
    def uri(self) -> str:
        return f"s3://{self.object.bucket}/{self.object.key}"


class ClientFiles(Construct):
    """Only Terraform puts these objects: every notebook installs them, so they must not come from a notebook."""

    def __init__(self, scope: Construct, id_: str, settings: Settings, *, data_bucket: DataBucket) -> None:
        super().__init__(scope, id_)
        self._settings, self._bucket = settings, data_bucket
        self.wheel = self._file("wheel", client_wheel.build(), "application/zip")
        self.example = self._file("example", EXAMPLE, "application/x-ipynb+json")

    def _file(self, id_: str, path: Path, content_type: str) -> ClientFile:
        object_ = file_object(
            self,
            id_,
            self._settings,
            data_bucket=self._bucket,
            key=f"{PREFIX}/{path.name}",
            path=path,
            content_type=content_type,
        )
        return ClientFile(object_, hashlib.sha256(path.read_bytes()).hexdigest())
