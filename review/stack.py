"""Reads a stack's name, and the address of its Terraform state, from the cdk.tf.json in the stack's folder."""

import json
from dataclasses import dataclass
from pathlib import Path

from review.errors import ReviewError

FILE = "cdk.tf.json"


@dataclass(frozen=True)
class Stack:
    """state_bucket, state_key: of the S3 backend; empty if the backend is another one, or not known."""

    name: str = "Terraform plan"
    state_bucket: str = ""
    state_key: str = ""

    @property
    def state(self) -> str:
        """The state's address, as people write it."""
        return f"s3://{self.state_bucket}/{self.state_key}" if self.state_bucket else ""


def read(folder: Path) -> Stack:
    """The stack in the folder; one without name and state if there is no such file. Raises ReviewError."""
    file = folder / FILE
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        backend = content.get("terraform", {}).get("backend", {}).get("s3", {})
        name = content.get("//", {}).get("metadata", {}).get("stackName", folder.resolve().name)
        return Stack(str(name), str(backend.get("bucket", "")), str(backend.get("key", "")))
    except FileNotFoundError:
        return Stack()
    except (OSError, ValueError, AttributeError) as error:
        raise ReviewError(f"{file}: cannot be read as synthesized Terraform JSON: {error!r}") from None
