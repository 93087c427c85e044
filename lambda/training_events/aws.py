"""AWS clients without boto3: botocore alone is imported in half the time, and Lambda's cold start is mostly imports."""

from __future__ import annotations

import os
from functools import lru_cache
from threading import get_ident
from typing import TYPE_CHECKING, Any

import botocore
import botocore.session
from botocore.config import Config
from botocore.exceptions import NoRegionError, ProfileNotFound

from training_events.errors import MissingSetting, Misused
from training_events.version import __version__

if TYPE_CHECKING:
    from botocore.session import Session

CONNECT_TIMEOUT_SECONDS = 1
"""AWS's endpoints answer within milliseconds in their own region; a connection that takes longer is better tried anew."""
READ_TIMEOUT_SECONDS = 3
MAX_ATTEMPTS = 3
"""With their pauses (at most 1 s and 2 s) three attempts end within 15 s: inside the processor's timeout, so that Lambda
sees the real error; Lambda then tries the whole event again."""


@lru_cache(maxsize=8)
def _session_of(thread: int) -> Session:  # noqa: ARG001 - what it is kept by
    return botocore.session.get_session()


def session() -> Session:
    """The session of this thread: it remembers the service descriptions it has read, and no other thread may use it.

    https://boto3.amazonaws.com/v1/documentation/api/latest/guide/session.html#multithreading-or-multiprocessing-with-sessions
    """
    return _session_of(get_ident())


def forget_sessions() -> None:
    """Let every thread begin with a new session, which reads the SDK's variables again."""
    _session_of.cache_clear()


# A thread of a forked child may have the number of one of its parent's, whose session stopped in the midst of whatever it did.
if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=forget_sessions)


def client(
    service: str,
    *,
    validate: bool = True,
    connect_seconds: float = CONNECT_TIMEOUT_SECONDS,
    read_seconds: float = READ_TIMEOUT_SECONDS,
) -> Any:
    """A client for an AWS service; region, credentials and endpoint come from the SDK's own variables.

    `read_seconds` is how long a reply may take; `connect_seconds` is also how long nothing of a request's body may get through.
    `validate=False` saves a sixth of the CPU of a small put: for parameters that this package builds and tests itself.
    Raises Misused where those variables cannot be right.
    """
    config = Config(
        connect_timeout=connect_seconds,
        read_timeout=read_seconds,
        retries={"mode": "standard", "total_max_attempts": MAX_ATTEMPTS},
        parameter_validation=validate,
        # Says in CloudTrail what wrote; and botocore's own, put together anew for every request, costs a tenth of a put's CPU.
        user_agent=f"training-events/{__version__} Botocore/{botocore.__version__}",
    )
    # botocore reads AWS_DEFAULT_REGION only; AWS's other SDKs, and SageMaker's containers, go by AWS_REGION
    region = os.environ.get("AWS_REGION")
    try:
        return session().create_client(service, region_name=region, config=config)
    except NoRegionError:
        raise MissingSetting("AWS_REGION is not set: it says the AWS region that everything is in") from None
    except (ProfileNotFound, ValueError) as flaw:  # ValueError: a region or endpoint that can be none
        raise Misused(f"the environment's settings for AWS: {flaw}") from None
