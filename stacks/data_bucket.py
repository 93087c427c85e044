"""The bucket for datasets, checkpoints, models and seals. It keeps every version, and nothing in it is public."""

from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
from cdktf_cdktf_provider_aws.s3_bucket_lifecycle_configuration import (
    S3BucketLifecycleConfiguration,
    S3BucketLifecycleConfigurationRule,
    S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload,
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

from stacks import iam, team_rules
from stacks.locked_objects import CHECKPOINTS, SEALS
from stacks.settings import Settings

UNTAGGED = S3ObjectOverrideProvider(default_tags=S3ObjectOverrideProviderDefaultTags(tags={}))
"""For objects: they may have 10 tags at most, and the settings may have more tags for all resources.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
"""


class DataBucket(Construct):
    """Versioned, encrypted, private, TLS only. It sends an event to EventBridge for every new object."""

    def __init__(self, scope: Construct, id_: str, settings: Settings) -> None:
        super().__init__(scope, id_)
        self.bucket = S3Bucket(
            self,
            "bucket",
            bucket=settings.data_bucket_name,
            # For the seals. It can be switched on only when the bucket is made; later, Terraform would replace the bucket.
            object_lock_enabled=True,
            force_destroy=not settings.deletion_protection,
        )
        self._keep_private(settings)
        self.versioning = S3BucketVersioningA(
            self,
            "versioning",
            bucket=self.bucket.id,
            versioning_configuration=S3BucketVersioningVersioningConfiguration(status="Enabled"),
        )
        encryption = self._encrypt(settings.encryption.kms_key_arn)
        # What must exist before an object is put: an object keeps the encryption that it was put with.
        self.ready = [self.versioning, *([encryption] if settings.encryption.kms_key_arn else [])]
        self._expire_leftovers(settings)
        self.notification = S3BucketNotification(self, "notification", bucket=self.bucket.id, eventbridge=True)

    def _keep_private(self, settings: Settings) -> None:
        blocked = S3BucketPublicAccessBlock(
            self,
            "public_access_block",
            bucket=self.bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
        )
        S3BucketOwnershipControls(
            self,
            "ownership",
            bucket=self.bucket.id,
            rule=S3BucketOwnershipControlsRule(object_ownership="BucketOwnerEnforced"),
        )
        S3BucketPolicy(
            self,
            "policy",
            bucket=self.bucket.id,
            policy=iam.policy(
                iam.tls_only("s3:*", [self.bucket.arn, f"{self.bucket.arn}/*"]),
                *SEALS.protection(settings, self.bucket.arn),
                *(CHECKPOINTS.protection(settings, self.bucket.arn) if settings.checkpoints.enabled else []),
                *team_rules.protection(settings, self.bucket.arn),
            ),
            depends_on=[blocked],  # S3 refuses two changes of a bucket's access at the same time
        )

    def _encrypt(self, key: str | None) -> S3BucketServerSideEncryptionConfigurationA:
        return S3BucketServerSideEncryptionConfigurationA(
            self,
            "encryption",
            bucket=self.bucket.id,
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

    def _expire_leftovers(self, settings: Settings) -> None:
        everything = [S3BucketLifecycleConfigurationRuleFilter(prefix="")]
        S3BucketLifecycleConfiguration(
            self,
            "lifecycle",
            bucket=self.bucket.id,
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
            ],
            depends_on=[self.versioning],
        )
