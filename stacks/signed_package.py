"""The package that all functions run. If the settings name a signing profile, AWS Signer signs it."""

from dataclasses import dataclass

from cdktf import Fn, TerraformAsset
from cdktf_cdktf_provider_aws.lambda_code_signing_config import (
    LambdaCodeSigningConfig,
    LambdaCodeSigningConfigAllowedPublishers,
    LambdaCodeSigningConfigPolicies,
)
from cdktf_cdktf_provider_aws.s3_object import S3Object
from cdktf_cdktf_provider_aws.signer_signing_job import (
    SignerSigningJob,
    SignerSigningJobDestination,
    SignerSigningJobDestinationS3,
    SignerSigningJobSource,
    SignerSigningJobSourceS3,
)
from constructs import Construct

from stacks.data_bucket import UNTAGGED, DataBucket
from stacks.settings import Settings

PREFIX = "package"


class SignedPackage(Construct):
    """Signer reads the zip from the data bucket, and writes the signed zip there. Lambda then runs only signed packages.

    A new zip is a new version of its object, so there is a new signing job, and its result has another key. So the functions
    change if the package changes, and only then.
    """

    def __init__(
        self, scope: Construct, id_: str, settings: Settings, *, file: TerraformAsset, data_bucket: DataBucket
    ) -> None:
        super().__init__(scope, id_)
        profile_version = str(settings.code_signing.profile_version_arn)
        bucket = data_bucket.bucket.bucket
        unsigned = S3Object(
            self,
            "unsigned",
            bucket=bucket,
            key=f"{PREFIX}/training-events.zip",
            source=file.path,
            source_hash=Fn.filebase64sha256(file.path),
            checksum_algorithm="SHA256",
            override_provider=UNTAGGED,
            depends_on=data_bucket.ready,  # Signer needs a version
        )
        job = SignerSigningJob(
            self,
            "job",
            profile_name=profile_version.split("/")[-2],
            source=SignerSigningJobSource(
                s3=SignerSigningJobSourceS3(bucket=bucket, key=unsigned.key, version=unsigned.version_id)
            ),
            destination=SignerSigningJobDestination(
                s3=SignerSigningJobDestinationS3(bucket=bucket, prefix=f"{PREFIX}/signed/")
            ),
        )
        signed = job.signed_object.get(0).s3.get(0)
        self.bucket, self.key = signed.bucket, signed.key
        self.config = LambdaCodeSigningConfig(
            self,
            "config",
            description=f"What the functions of {settings.stack_name} may run",
            allowed_publishers=LambdaCodeSigningConfigAllowedPublishers(signing_profile_version_arns=[profile_version]),
            policies=LambdaCodeSigningConfigPolicies(untrusted_artifact_on_deployment="Enforce"),  # not only "Warn"
        )


@dataclass(frozen=True)
class Package:
    """The zip, and the signed zip if there is one."""

    file: TerraformAsset
    signed: SignedPackage | None = None
