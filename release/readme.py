"""The README.md of an archive: what to set and what to do, filled in from the archive's own JSON."""

import re
from pathlib import Path
from typing import Any

from deploy import confirm_destroy
from release.provider_lock import ProviderLock
from release.synthesized import Synthesized
from stacks.settings import Settings

TEMPLATE = Path(__file__).with_name("readme.md")


def readme(stack: Synthesized, settings: Settings, version: str, commit: str, lock: ProviderLock) -> str:
    """The text, whose first line is the title. Values replace the names between @ signs in readme.md."""
    terraform = stack.content["terraform"]
    backend, (provider,) = terraform["backend"]["s3"], stack.content["provider"]["aws"]
    return _filled(
        {
            "account": ", ".join(provider["allowed_account_ids"]),
            "bucket": backend["bucket"],
            "commit": commit,
            "destroy": "\n".join(
                f"    {line}".rstrip() for line in confirm_destroy.explanation(settings).splitlines()
            ).rstrip(),
            "environment": settings.environment,
            "key": backend["key"],
            "lock": str(lock),
            "outputs": ", ".join(f"`{name}`" for name in sorted(stack.content["output"])),
            "provider": terraform["required_providers"]["aws"]["version"],
            "region": provider["region"],
            "required_version": terraform["required_version"],
            "stack": stack.name,
            "state_region": backend["region"],
            "version": version,
        }
    )


def _filled(values: dict[str, Any]) -> str:
    return re.sub("@([a-z_]+)@", lambda match: str(values[match[1]]), TEMPLATE.read_text(encoding="utf-8"))
