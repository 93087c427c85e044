"""The environment variables that a run pins: those that decide its numbers, and those that the caller names. Never a secret."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from training_events.recorder.pinning.code_version import without_credentials

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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

# TOKENIZERS_PARALLELISM is none, API_TOKEN and ACCESS_KEY_ID are.
_SECRET = re.compile(r"SECRET|PASSW|PASSPHRASE|CREDENTIAL|(TOKEN|KEY|PWD|PASS|AUTH|COOKIE|SIGNATURE)S?(?![A-Z])")


def looks_secret(name: str) -> bool:
    return bool(_SECRET.search(name.upper()))


def pinned_variables(asked_for: Iterable[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Those of ALLOWED and `asked_for` that are set; what looks like a secret is left out, and a URL's credentials are."""
    names = [name for name in (*ALLOWED, *asked_for) if name in environment and not looks_secret(name)]
    return {name: without_credentials(environment[name]) for name in names}
