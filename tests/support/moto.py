"""AWS inside this process, by moto with its gaps closed."""

import functools

import botocore.session
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber

from local.moto_in_turn import answer_in_turn

__all__ = ["mock_aws"]

answer_in_turn(BotocoreStubber, "process_request")

# Each test makes sessions of its own; what AWS's services are like is the same in all, and takes longest to read.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)
