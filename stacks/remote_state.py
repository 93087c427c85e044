"""Keeps Terraform's state in S3, with S3's own lock."""

from cdktf import S3Backend, TerraformStack

from stacks.settings import Settings


def keep_state_in_s3(stack: TerraformStack, settings: Settings) -> None:
    """Declare the S3 backend; `deploy/state_bucket.py` makes the bucket."""
    S3Backend(
        stack,
        bucket=settings.state_bucket,
        key=f"{settings.stack_name}/terraform.tfstate",
        region=settings.region,
        encrypt=True,
        # Each state has its own: environments may share the bucket, and have different keys.
        kms_key_id=settings.encryption.kms_key_arn,
        allowed_account_ids=[settings.account_id],
        use_path_style=True if settings.emulated else None,
    )
    # S3's own lock needs no DynamoDB table. Terraform has it since 1.10; cdktf's S3Backend has no argument for it.
    stack.add_override("terraform.backend.s3.use_lockfile", value=True)
    stack.add_override("terraform.required_version", ">= 1.10.0")
