"""Where a report, or a file of evidence, is written: whole or not at all."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from training_events.errors import Misused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_NAME_BYTES = 200
"""Most file systems take 255, with what comes behind the name."""
_NOT_IN_A_NAME = re.compile(r"(?:[^\w.@-]|\.{2,}|^\.)+")


def default_name(streams: Sequence[str]) -> str:
    """`digits-7.html`, `digits-7-and-2-more.html`: a name that every file system takes."""
    name = _NOT_IN_A_NAME.sub("-", streams[0].partition("/")[2])
    more = f"-and-{len(streams) - 1}-more" if len(streams) > 1 else ""
    short = name.encode()[:MAX_NAME_BYTES].decode(errors="ignore").strip("-")
    return f"{short or 'report'}{more}.html"


def check_writable(path: Path) -> None:
    """Before the work is done. Raises Misused for a path that can be no file."""
    if path.is_dir():
        raise Misused(f"{os.fspath(path)!a} is a folder: name a file in it")
    if not path.parent.is_dir():
        raise Misused(f"{os.fspath(path)!a} cannot be written: there is no folder {os.fspath(path.parent)!a}")


def write_whole(path: Path, content: bytes) -> None:
    """Takes the place of a file that is there only once all is written. Raises OSError."""
    with whole_file(path) as unfinished:
        unfinished.write_bytes(content)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Where to write: it takes the place of a file that is there only once all is written. Raises OSError.

    Nothing takes the place of a pipe, a terminal or a device: such a one gets the content then.
    """
    if path.exists() and not path.is_file():  # asked of the path as it is: where /dev/stdout leads has no name
        with TemporaryDirectory() as folder:
            yield (unfinished := Path(folder) / "whole")
            with unfinished.open("rb") as content, path.open("wb") as pipe:
                shutil.copyfileobj(content, pipe)
        return
    path = path.resolve()  # where a link leads
    unfinished = path.with_name(f".{os.getpid()}.unfinished")
    try:
        yield unfinished
        unfinished.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, os.fspath(path)) from None  # nobody knows the unfinished file
    finally:
        unfinished.unlink(missing_ok=True)
