"""Lets moto answer one request at a time.

moto serves each request in the thread that it came by, without a lock: two conditional writes can both pass their check before
either writes, and both succeed. AWS decides one write to an item after the other. moto 5.2.5 has this gap in a process
(`mock_aws`) and in its server; whoever starts moto, here or in the tests, closes it with this.
"""

import functools
import threading
from typing import Any

TURN = threading.RLock()
"""Held while a request is answered. Reentrant, as moto answers some requests by sending others."""


def answer_in_turn(entrance: type, method: str) -> None:
    """Make every call of `entrance.method`, through which moto's requests come, wait for its turn."""
    answer = getattr(entrance, method)

    @functools.wraps(answer)
    def answer_in_its_turn(*arguments: Any, **keywords: Any) -> Any:
        with TURN:
            return answer(*arguments, **keywords)

    setattr(entrance, method, answer_in_its_turn)
