"""AWS inside this process, by moto with its gaps closed."""

from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber

from local.moto_in_turn import answer_in_turn

__all__ = ["mock_aws"]

answer_in_turn(BotocoreStubber, "process_request")
