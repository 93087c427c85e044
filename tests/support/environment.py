"""The environment of the processes that tests start."""

import os


def without_aws(**more: str) -> dict[str, str]:
    """This process's environment with nothing of AWS in it, and no way to a package index."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TRAINING_EVENTS_"))}
    offline = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
    return kept | offline | {"PIP_NO_INDEX": "1", "AWS_EC2_METADATA_DISABLED": "true"} | more
