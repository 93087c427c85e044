"""A disk that takes no more, for any user and on any machine: the largest file that the kernel lets this process write."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def full_disk(largest_file_bytes: int = 0) -> Iterator[None]:
    """No file grows beyond that. Python ignores SIGXFSZ, so a write takes what fits, and the next fails with EFBIG."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
