"""Terraform's dependency lock: the version and the hashes of the provider that Terraform finds on this machine."""

import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from release.terraform import terraform

NAME = ".terraform.lock.hcl"


@dataclass(frozen=True)
class ProviderLock:
    """The lock file, made on `platform` (`linux_amd64`). If Terraform finds no provider, the content is None, with a reason."""

    content: bytes | None
    platform: str
    reason: str = ""

    def __str__(self) -> str:
        """What the lock file is good for, in a sentence or two.

        The registry signs the hashes of a version's packages for all platforms (`zh:`). With a mirror, Terraform knows only the
        hash of the package that it has read (`h1:`): https://developer.hashicorp.com/terraform/language/files/dependency-lock
        """
        if self.content is None:
            return (
                f"`{NAME}` is not here, because Terraform found no provider for the release: "
                "keep the one that `terraform init` writes."
            )
        version = re.search(rb'^  version\s+= "(.+)"$', self.content, re.MULTILINE)
        fixed = f"`{NAME}` fixes the provider's version, {version[1].decode() if version else 'unknown'}"
        if b'"zh:' in self.content:
            return f"{fixed}, with the registry's hashes for every platform."
        return (
            f"{fixed}, with the hash for `{self.platform}` only, because the provider came from a mirror. On another platform "
            "`terraform init` refuses it: delete the file there, and keep the one that `terraform init` writes."
        )


def provider_lock(required: Mapping[str, Any]) -> ProviderLock:
    """The lock for `terraform.required_providers`, made by `terraform providers lock`.

    required: `source` and `version`, by the provider's name. Under `python -m local.terraform`, Terraform finds a mirror.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "main.tf.json").write_text(json.dumps({"terraform": {"required_providers": required}}), encoding="utf-8")
        version = terraform(folder, "version", "-json")
        platform = re.search(r'"platform":\s*"(\w+)"', version.stdout)
        locked = terraform(folder, "providers", "lock", "-no-color")
        file = folder / NAME
        content = file.read_bytes() if locked.returncode == 0 and file.is_file() else None
    reason = next((line for line in locked.stderr.splitlines() if "Error" in line), "terraform providers lock wrote nothing")
    return ProviderLock(content, platform[1] if platform else "this platform", "" if content else reason.strip(" │"))
