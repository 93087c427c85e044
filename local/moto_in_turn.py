"""Lets moto answer one request at a time.

moto answers each request in the thread in which it arrives, without a lock. So two conditional writes can both pass their check
before either writes, and both succeed. AWS decides about writes to an item one after the other. moto 5.2.5 has this gap in a
process (`mock_aws`) and in its server. Everything that starts moto, here or in the tests, closes the gap with this module.
"""

import functools
import threading
from typing import Any

TURN = threading.RLock()
"""Held while a request is answered. It is reentrant, because moto answers some requests by sending others."""


def answer_in_turn(entrance: type, method: str) -> None:
    """Make every call of `entrance.method` wait for its turn: all of moto's requests go through it."""
    answer = getattr(entrance, method)

    @functools.wraps(answer)
    def answer_in_its_turn(*arguments: Any, **keywords: Any) -> Any:
        with TURN:
            return answer(*arguments, **keywords)

    setattr(entrance, method, answer_in_its_turn)
