"""The bucket for datasets, checkpoints, models and seals. It keeps every version, and nothing in it is public."""

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
from cdktf_cdktf_provider_aws.s3_bucket_lifecycle_configuration import (
    S3BucketLifecycleConfiguration,
    S3BucketLifecycleConfigurationRule,
    S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload,
    S3BucketLifecycleConfigurationRuleExpiration,
    S3BucketLifecycleConfigurationRuleFilter,
    S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration,
)
from cdktf_cdktf_provider_aws.s3_bucket_notification import S3BucketNotification
from cdktf_cdktf_provider_aws.s3_bucket_ownership_controls import (
    S3BucketOwnershipControls,
    S3BucketOwnershipControlsRule,
)
from cdktf_cdktf_provider_aws.s3_bucket_policy import S3BucketPolicy
from cdktf_cdktf_provider_aws.s3_bucket_public_access_block import S3BucketPublicAccessBlock
from cdktf_cdktf_provider_aws.s3_bucket_server_side_encryption_configuration import (
    S3BucketServerSideEncryptionConfigurationA,
    S3BucketServerSideEncryptionConfigurationRuleA,
    S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA,
)
from cdktf_cdktf_provider_aws.s3_bucket_versioning import S3BucketVersioningA, S3BucketVersioningVersioningConfiguration
from cdktf_cdktf_provider_aws.s3_object import S3ObjectOverrideProvider, S3ObjectOverrideProviderDefaultTags
from constructs import Construct

from stacks import bucket_policy, iam
from stacks.existing import ExistingBucket
from stacks.settings import Settings

ANALYTICS = "analytics"
"""The prefix of exports of the log, of the tables that are made of them, and of what queries over these answer."""
_OLD_ANALYTICS_DAYS = 7
"""What the job has replaced is made again from exports. A week is time to notice a mistake."""
UNTAGGED = S3ObjectOverrideProvider(default_tags=S3ObjectOverrideProviderDefaultTags(tags={}))
"""For objects: they may have 10 tags at most, and the settings may have more tags for all resources.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
"""


class DataBucket(Construct):
    """Versioned, encrypted, private, TLS only. It sends an event to EventBridge for every new object.

    All this is the owner's to see to if the settings name an existing bucket: docs/operate/company.md.
    """

    def __init__(self, scope: Construct, id_: str, settings: Settings) -> None:
        super().__init__(scope, id_)
        self.bucket: S3Bucket | ExistingBucket
        self.ready: list[ITerraformDependable] = []
        """What must exist before an object is put: an object keeps the encryption that it was put with."""
        if name := settings.data_bucket.existing_name:
            self.bucket = ExistingBucket(name, f"arn:{settings.partition}:s3:::{name}")
        else:
            self.bucket = self._declare(settings)

    def _declare(self, settings: Settings) -> S3Bucket:
        bucket = S3Bucket(
            self,
            "bucket",
            bucket=settings.data_bucket_name,
            # For the seals. It can be switched on only when the bucket is made; later, Terraform would replace the bucket.
            object_lock_enabled=True,
            force_destroy=not settings.deletion_protection,
        )
        self._keep_private(settings, bucket)
        versioning = S3BucketVersioningA(
            self,
            "versioning",
            bucket=bucket.id,
            versioning_configuration=S3BucketVersioningVersioningConfiguration(status="Enabled"),
        )
        encryption = self._encrypt(bucket, settings.encryption.kms_key_arn)
        self.ready += [versioning, *([encryption] if settings.encryption.kms_key_arn else [])]
        self._expire_leftovers(settings, bucket, versioning)
        S3BucketNotification(self, "notification", bucket=bucket.id, eventbridge=True)
        return bucket

    def _keep_private(self, settings: Settings, bucket: S3Bucket) -> None:
        blocked = S3BucketPublicAccessBlock(
            self,
            "public_access_block",
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
        )
        S3BucketOwnershipControls(
            self,
            "ownership",
            bucket=bucket.id,
            rule=S3BucketOwnershipControlsRule(object_ownership="BucketOwnerEnforced"),
        )
        S3BucketPolicy(
            self,
            "policy",
            bucket=bucket.id,
            policy=iam.policy(*bucket_policy.statements(settings, bucket.arn)),
            depends_on=[blocked],  # S3 refuses two changes of a bucket's access at the same time
        )

    def _encrypt(self, bucket: S3Bucket, key: str | None) -> S3BucketServerSideEncryptionConfigurationA:
        return S3BucketServerSideEncryptionConfigurationA(
            self,
            "encryption",
            bucket=bucket.id,
            rule=[
                S3BucketServerSideEncryptionConfigurationRuleA(
                    apply_server_side_encryption_by_default=(
                        S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA(
                            sse_algorithm="aws:kms" if key else "AES256", kms_master_key_id=key
                        )
                    ),
                    # One data key for the bucket, not one for each object: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
                    bucket_key_enabled=True if key else None,
                )
            ],
        )

    def _expire_leftovers(self, settings: Settings, bucket: S3Bucket, versioning: S3BucketVersioningA) -> None:
        everything = [S3BucketLifecycleConfigurationRuleFilter(prefix="")]
        S3BucketLifecycleConfiguration(
            self,
            "lifecycle",
            bucket=bucket.id,
            rule=[
                S3BucketLifecycleConfigurationRule(
                    id="abandoned-uploads",
                    status="Enabled",
                    filter=everything,
                    abort_incomplete_multipart_upload=[
                        S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload(
                            days_after_initiation=settings.data_bucket.abandoned_upload_days
                        )
                    ],
                ),
                S3BucketLifecycleConfigurationRule(
                    id="old-versions",
                    status="Enabled",
                    filter=everything,
                    noncurrent_version_expiration=[
                        S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration(
                            noncurrent_days=settings.data_bucket.old_version_days
                        )
                    ],
                ),
                *(_of_analytics(settings) if settings.analytics.enabled else []),
            ],
            depends_on=[versioning],
        )


def _of_analytics(settings: Settings) -> list[S3BucketLifecycleConfigurationRule]:
    """Answers of queries go after some time. The job removes its earlier tables by itself: here go what is left of them, since
    the bucket keeps versions. Exports stay: the state of the exports may name one of any age.
    """
    return [
        S3BucketLifecycleConfigurationRule(
            id="analytics-results",
            status="Enabled",
            filter=[S3BucketLifecycleConfigurationRuleFilter(prefix=f"{ANALYTICS}/results/")],
            expiration=[S3BucketLifecycleConfigurationRuleExpiration(days=settings.analytics.result_days)],
        ),
        S3BucketLifecycleConfigurationRule(
            id="analytics-old-versions",
            status="Enabled",
            filter=[S3BucketLifecycleConfigurationRuleFilter(prefix=f"{ANALYTICS}/")],
            noncurrent_version_expiration=[
                S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration(noncurrent_days=_OLD_ANALYTICS_DAYS)
            ],
        ),
    ]
