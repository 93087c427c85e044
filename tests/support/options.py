"""An environment with all settings that are off by default."""

from pathlib import Path
from typing import Any

from stacks.settings import Settings
from tests.support.stack_json import StackJson

ACCOUNT, REGION, ENVIRONMENT = "111122223333", "eu-west-1", "extra"
SUBNETS, GROUP = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"], "sg-0123456789abcdef0"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/57ff7a43-341d-46b6-aee3-a450c9de6dc8"
AUDITORS_BUCKET = "checkpoints-of-the-auditor"
SIGNING_KEY = f"arn:aws:kms:{REGION}:999988887777:key/0f1e2d3c-4b5a-4697-8877-665544332211"
CONNECTION = f"arn:aws:events:{REGION}:{ACCOUNT}:connection/lineage/57ff7a43-341d-46b6-aee3-a450c9de6dc8"
PROFILE = f"arn:aws:signer:{REGION}:{ACCOUNT}:/signing-profiles/team/a1b2c3d4e5"
OPTIONS: dict[str, Any] = {
    "tags": {"cost-center": "research"},
    "remote_state": {"bucket": "states-of-the-team"},
    "events": {"sources": ["team.labels"]},
    "event_processor": {"architecture": "x86_64", "reserved_concurrency": 20},
    "projector": {
        "memory_mb": 2048,
        "timeout_seconds": 600,
        "batch_size": 200,
        "batching_window_seconds": 5,
        "stream_seconds": 120,
        "reserved_concurrency": 5,
    },
    "notary": {"memory_mb": 1024, "timeout_seconds": 600, "reserved_concurrency": 6},
    "training_starter": {"memory_mb": 1024, "timeout_seconds": 600, "reserved_concurrency": 1, "max_instances": 16},
    "checkpoints": {"interval_minutes": 1, "keys": 2, "key_arns": [SIGNING_KEY], "bucket": AUDITORS_BUCKET},
    "seals": {"mode": "COMPLIANCE", "retention_days": 30},
    "aws_provider_version": ">= 5.100.0, < 7.0.0",
    "notebook": {"platform": "notebook-al2-v3", "subnet_id": SUBNETS[0], "security_group_ids": [GROUP]},
    "encryption": {"kms_key_arn": KEY},
    "network": {"subnet_ids": SUBNETS, "security_group_ids": [GROUP]},
    "code_signing": {"profile_version_arn": PROFILE},
    "openlineage": {"endpoint": "https://lineage.example.com", "connection_arn": CONNECTION, "requests_per_second": 5},
    "observability": {"alarm_email": "on-call@example.com"},
    "analytics": {
        "enabled": True,
        "interval_hours": 1,
        "workers": 10,
        "worker_type": "G.2X",
        "query_limit_gb": 5,
        "result_days": 7,
    },
}
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/teams-may-at-most"
OTHER_ACCOUNTS = ["444455556666", "777788889999"]
COMPANY: dict[str, Any] = {
    "name_prefix": "acme-ml",
    "iam": {"path": "/teams/vision/", "permissions_boundary_arn": BOUNDARY},
    "tag_policy": {"required_keys": ["cost-center"], "allowed_values": {"cost-center": ["research"]}},
    "events": {"sources": ["team.labels"], "from_account_ids": OTHER_ACCOUNTS},
}
"""A company's rules for all that it has in its accounts, on top of these settings."""
TEAMS: dict[str, Any] = {
    "vision": {"roles": ["vision-training"]},
    "speech": {"source": "acme.speech", "account_ids": ["444455556666"]},
}
"""Two teams that share the log, on top of these settings."""
CENTRAL_BUS = "arn:aws:events:eu-central-1:444455556666:event-bus/acme-ml-central-events"
EXISTING: dict[str, Any] = COMPANY | {
    "data_bucket": {"existing_name": "acme-data"},
    "events": {"sources": ["team.labels"], "existing_bus_name": "acme-bus", "forward_to_bus_arn": CENTRAL_BUS},
    "logs": {"existing_group_name": "/acme/training"},
}
"""The same with what the company has already in place of the stack's own, and a central log in another account."""


def synthesized_with_options(out: Path, **more: Any) -> StackJson:
    """The environment `extra` with these settings, synthesized to a folder by cdktf."""
    import cdktf  # noqa: PLC0415 - starts Node, which no process needs that only collects the tests

    from stacks.training_stack import TrainingStack  # noqa: PLC0415

    settings = Settings(**{"environment": ENVIRONMENT, "account_id": ACCOUNT, "region": REGION} | OPTIONS | more)
    app = cdktf.App(outdir=str(out))
    TrainingStack(app, settings)
    app.synth()
    return StackJson.read(out / "stacks" / settings.stack_name)
