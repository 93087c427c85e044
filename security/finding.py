"""One thing that a scanner holds against one resource."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Finding:
    environment: str
    address: str
    check: str
    says: str

    def __str__(self) -> str:
        return f"{self.environment}: {self.address}: {self.check}: {self.says}"
