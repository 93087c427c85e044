"""AWS clients without boto3. Importing botocore alone takes half the time, and Lambda's cold start is mostly imports."""

from __future__ import annotations

import codecs
import os
from functools import lru_cache
from threading import get_ident
from typing import TYPE_CHECKING, Any

import botocore
import botocore.session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import NoRegionError, ProfileNotFound

from training_events.errors import MissingSetting, Misused
from training_events.version import __version__

if TYPE_CHECKING:
    from botocore.session import Session

CONNECT_TIMEOUT_SECONDS = 1
"""AWS's endpoints answer within milliseconds in their own region. If a connection takes longer, a new one is better."""
READ_TIMEOUT_SECONDS = 3
MAX_ATTEMPTS = 3
"""Three attempts, with pauses of at most 1 s and 2 s, end within 15 s. That is inside the processor's timeout, so Lambda sees
the real error, and then tries the whole event again."""


@lru_cache(maxsize=8)
def _session_of(thread: int) -> Session:  # noqa: ARG001 - the key of the cache
    return botocore.session.get_session()


def session() -> Session:
    """The session of this thread. It keeps the service descriptions that it has read; no other thread may use it.

    https://boto3.amazonaws.com/v1/documentation/api/latest/guide/session.html#multithreading-or-multiprocessing-with-sessions
    """
    return _session_of(get_ident())


def forget_sessions() -> None:
    """Every thread begins again with a new session, which reads the SDK's variables again."""
    _session_of.cache_clear()


# A thread of a forked child may have the number of a thread of its parent, whose session may have been in the middle of a call.
if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=forget_sessions)


def load(service: str) -> None:
    """Import and read all that a client of this service needs, and set up TLS, without a request.

    An unsigned client does that. It needs no credentials, for which a machine or a program may have to be asked.
    """
    client(service, signed=False)
    codecs.lookup("idna")  # of the host's name, for http.client


def client(
    service: str,
    *,
    signed: bool = True,
    validate: bool = True,
    connect_seconds: float = CONNECT_TIMEOUT_SECONDS,
    read_seconds: float = READ_TIMEOUT_SECONDS,
) -> Any:
    """A client for an AWS service. The region, the credentials and the endpoint come from the SDK's own variables.

    `read_seconds` limits how long a reply may take. `connect_seconds` limits how long a connection may take, and for how long
    sending a request's body may stall. `validate=False` saves a sixth of the CPU time of a small put; it is for parameters
    that this package builds, and its tests check. Raises Misused where the SDK's variables cannot be right.
    """
    config = Config(
        connect_timeout=connect_seconds,
        read_timeout=read_seconds,
        retries={"mode": "standard", "total_max_attempts": MAX_ATTEMPTS},
        signature_version=None if signed else UNSIGNED,
        parameter_validation=validate,
        # CloudTrail shows it. botocore would build its own again for every request, for a tenth of the CPU time of a put.
        user_agent=f"training-events/{__version__} Botocore/{botocore.__version__}",
    )
    # botocore reads AWS_DEFAULT_REGION only; AWS's other SDKs, and SageMaker's containers, use AWS_REGION
    region = os.environ.get("AWS_REGION")
    try:
        return session().create_client(service, region_name=region, config=config)
    except NoRegionError:
        raise MissingSetting("AWS_REGION is not set: it says the AWS region that everything is in") from None
    except (ProfileNotFound, ValueError) as flaw:  # ValueError: no region or endpoint can look like that
        raise Misused(f"the environment's settings for AWS: {flaw}") from None
