"""Terraform's dependency lock: the version and the hashes of the provider that is at hand where the release is made."""

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
    """The lock file, made on `platform` (`linux_amd64`); or, where no provider is at hand, no content and why not."""

    content: bytes | None
    platform: str
    reason: str = ""

    def __str__(self) -> str:
        """What it is good for, in a sentence or two.

        The registry signs the hashes of a version's packages for all platforms (`zh:`); of a mirror Terraform knows but those
        of the package that it has seen (`h1:`): https://developer.hashicorp.com/terraform/language/files/dependency-lock
        """
        if self.content is None:
            return (
                f"`{NAME}` is not here, as no provider was at hand for the release: keep the one that `terraform init` writes."
            )
        version = re.search(rb'^  version\s+= "(.+)"$', self.content, re.MULTILINE)
        fixed = f"`{NAME}` fixes the provider's version, {version[1].decode() if version else 'unknown'}"
        if b'"zh:' in self.content:
            return f"{fixed}, with the registry's hashes for every platform."
        return (
            f"{fixed}, with the hash for `{self.platform}` only, as a mirror gave the provider. On another platform "
            "`terraform init` refuses it: delete the file there, and keep the one that `terraform init` writes."
        )


def provider_lock(required: Mapping[str, Any]) -> ProviderLock:
    """The lock of what `terraform.required_providers` asks for, by `terraform providers lock`.

    required: by the provider's name, `source` and `version`. Run under `python -m local.terraform`, Terraform finds a mirror.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "main.tf.json").write_text(json.dumps({"terraform": {"required_providers": required}}), encoding="utf-8")
        told = terraform(folder, "version", "-json")
        platform = re.search(r'"platform":\s*"(\w+)"', told.stdout)
        locked = terraform(folder, "providers", "lock", "-no-color")
        file = folder / NAME
        content = file.read_bytes() if locked.returncode == 0 and file.is_file() else None
    reason = next((line for line in locked.stderr.splitlines() if "Error" in line), "terraform providers lock wrote nothing")
    return ProviderLock(content, platform[1] if platform else "this platform", "" if content else reason.strip(" │"))
