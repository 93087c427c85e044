"""A file of this project as an object in the data bucket. A changed file is a new version of its object."""

from pathlib import Path

from cdktf import AssetType, Fn, TerraformAsset
from cdktf_cdktf_provider_aws.s3_object import S3Object
from constructs import Construct

from stacks.data_bucket import UNTAGGED, DataBucket
from stacks.settings import Settings


def file_object(
    scope: Construct, id_: str, settings: Settings, *, data_bucket: DataBucket, key: str, path: Path, content_type: str
) -> S3Object:
    """Beside the object, the scope gets an asset with the id `<id>_file`."""
    asset = TerraformAsset(scope, f"{id_}_file", path=str(path), type=AssetType.FILE)
    etag_is_md5 = settings.encryption.kms_key_arn is None
    return S3Object(
        scope,
        id_,
        bucket=data_bucket.bucket.bucket,
        key=key,
        source=asset.path,
        # With the ETag, a plan also shows an object that somebody else has put. Under S3's own encryption the ETag is the
        # MD5 of the content. Under a KMS key it is not, and a plan shows only what has changed in this project.
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
        etag=Fn.filemd5(asset.path) if etag_is_md5 else None,
        source_hash=None if etag_is_md5 else Fn.filemd5(asset.path),
        checksum_algorithm="SHA256",
        content_type=content_type,
        override_provider=UNTAGGED,
        depends_on=data_bucket.ready,
    )
