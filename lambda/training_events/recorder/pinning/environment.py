"""How this process was started and what it runs in: script, module or notebook; folder; machine; environment variables.

No secret is among the variables.
"""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

from training_events.redaction.names import may_be_secret_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import ModuleType


def entry_point(main: ModuleType | None, root: Path | None, environment: Mapping[str, str] = os.environ) -> str | None:
    """`-m package.module`, or the file's path: relative to the repository's root or else the working folder, or else in full.

    A notebook is known if Jupyter Server names it in JPY_SESSION_NAME:
    https://github.com/jupyter-server/jupyter_server/pull/1100
    """
    module = getattr(getattr(main, "__spec__", None), "name", None)
    if isinstance(module, str) and module != "__main__":  # the name that a folder or an archive has when it is run
        return f"-m {module.removesuffix('.__main__')}"
    file = getattr(main, "__file__", None)
    if not isinstance(file, str):
        file = environment.get("JPY_SESSION_NAME", "")
        if not file.endswith(".ipynb"):
            return None
    path = Path(file).resolve()
    for base in (root, Path.cwd()):
        if base is not None and path.is_relative_to(base.resolve()):
            return path.relative_to(base.resolve()).as_posix()
    return str(path)


def working_folder(root: Path | None) -> str | None:
    """Where the program runs, relative to the repository's root; in full outside of it. None at the root, and without one."""
    if root is None or (here := Path.cwd()) == (top := root.resolve()):
        return None
    return here.relative_to(top).as_posix() if here.is_relative_to(top) else str(here)


def machine() -> str | None:
    """The kind of processor and the system: `x86_64 Linux`. The same code may round differently on another one."""
    return f"{platform.machine()} {platform.system()}".strip() or None


ALLOWED = (
    "PYTHONHASHSEED",  # the order of sets, and so of what is built from them
    "PYTHONOPTIMIZE",  # whether assertions run
    "CUDA_VISIBLE_DEVICES",  # which devices, and how many
    "OMP_NUM_THREADS",  # how sums are split among threads: floating-point addition is not associative
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_CBWR",  # Intel MKL's conditional numerical reproducibility
    "CUBLAS_WORKSPACE_CONFIG",  # whether cuBLAS is deterministic: https://docs.nvidia.com/cuda/cublas/#results-reproducibility
    "NVIDIA_TF32_OVERRIDE",  # the precision of matrix products
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
    "TF_DETERMINISTIC_OPS",
    "TF_ENABLE_ONEDNN_OPTS",  # other kernels, other rounding
    "XLA_FLAGS",
    "JAX_ENABLE_X64",
    "JAX_DEFAULT_MATMUL_PRECISION",
    "NCCL_ALGO",  # the order in which gradients are summed up
    "NCCL_PROTO",
)


def pinned_variables(asked_for: Iterable[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Those of ALLOWED and `asked_for` that are set. What has the name of a secret is left out."""
    names = [name for name in (*ALLOWED, *asked_for) if name in environment and not may_be_secret_name(name)]
    return {name: environment[name] for name in names}
