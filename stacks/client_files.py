"""The files that a notebook gets when it starts: the client's wheel and the example, as objects in the data bucket."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from cdktf import AssetType, Fn, TerraformAsset
from cdktf_cdktf_provider_aws.s3_object import S3Object
from constructs import Construct

from stacks.data_bucket import UNTAGGED, DataBucket
from stacks.packaging import client_wheel
from stacks.packaging.lambda_package import ROOT
from stacks.settings import Settings

PREFIX = "client"
EXAMPLE = ROOT / "examples" / "train_digits.ipynb"


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
        self._bucket = data_bucket
        self._etag_is_md5 = settings.encryption.kms_key_arn is None
        self.wheel = self._file("wheel", client_wheel.build(), "application/zip")
        self.example = self._file("example", EXAMPLE, "application/x-ipynb+json")

    def _file(self, id_: str, path: Path, content_type: str) -> ClientFile:
        asset = TerraformAsset(self, f"{id_}_file", path=str(path), type=AssetType.FILE)
        object_ = S3Object(
            self,
            id_,
            bucket=self._bucket.bucket.bucket,
            key=f"{PREFIX}/{path.name}",
            source=asset.path,
            # With the ETag, a plan also shows an object that somebody else has put. Under S3's own encryption the ETag is the
            # MD5 of the content. Under a KMS key it is not, and a plan shows only what has changed in this project.
            # https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
            etag=Fn.filemd5(asset.path) if self._etag_is_md5 else None,
            source_hash=None if self._etag_is_md5 else Fn.filemd5(asset.path),
            checksum_algorithm="SHA256",
            content_type=content_type,
            override_provider=UNTAGGED,
            depends_on=self._bucket.ready,
        )
        return ClientFile(object_, hashlib.sha256(path.read_bytes()).hexdigest())
