"""The addresses of the emulators, as the environment variables that every AWS SDK and Terraform read."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

ACCOUNT = "123456789012"
"""The account of both emulators."""

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Endpoints:
    """The addresses of MiniStack (`aws`) and of moto (`moto`, for what MiniStack lacks), and the region in use."""

    aws: str
    moto: str
    region: str

    def variables(self) -> dict[str, str]:
        """Variables that point an SDK at the emulators, and keep it from reading other AWS settings of this machine."""
        return {
            "AWS_ENDPOINT_URL": self.aws,
            "AWS_ENDPOINT_URL_CLOUDWATCH": self.moto,
            "AWS_ENDPOINT_URL_SAGEMAKER": self.moto,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def environment(self, base: Mapping[str, str] | None = None) -> dict[str, str]:
        """A whole environment: `base` (default: this process's) without its AWS settings, and with the variables above.

        Everything that begins with AWS_ is removed: a profile, a session token, a role to assume or "ignore configured
        endpoints" could send a request for this machine to a real account, or cause it to be refused.
        """
        kept = {name: value for name, value in (base or os.environ).items() if not name.startswith("AWS_")}
        for name in ("NO_PROXY", "no_proxy"):
            hosts = [host for host in kept.get(name, "").split(",") if host]
            kept[name] = ",".join(dict.fromkeys([*hosts, LOOPBACK, "localhost"]))
        return kept | self.variables()
