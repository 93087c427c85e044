"""Runs Terraform in a stack's folder: makes a plan for a reviewer, and applies a plan that was reviewed."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from review.errors import ReviewError
from review.stack import FILE

STACKS = Path("cdktf.out/stacks")
DATA = Path(".build/review-terraform")
"""Terraform's working folders, one a stack: a review, and a deploy of what was reviewed, share them, and so the provider.

They are not among the summaries: a job that keeps the summaries as its artifacts should not keep the provider's 600 MB.
"""
_PROGRESS_SECONDS = 5


class Planned(NamedTuple):
    """A plan: the file that Terraform applies, and the JSON that it shows of it."""

    file: Path
    content: bytes


def make_plan(folder: Path, data: Path) -> bytes:
    """The plan of the stack in `folder`, as JSON. Raises ReviewError as `planned` does."""
    with planned(folder, data) as plan:
        return plan.content


@contextmanager
def planned(folder: Path, data: Path) -> Iterator[Planned]:
    """A plan of the stack in `folder`, which is removed afterwards. Raises ReviewError.

    data: Terraform's working folder (TF_DATA_DIR), kept for the next review. It is not the `.terraform` of the stack's folder:
    a review may run beside a `cdktf deploy`, and must not reconfigure the backend of that. Both share the provider's lock
    file, so that the review uses the provider that deploys.
    """
    if not (folder / FILE).is_file():
        raise ReviewError(f"{folder}: there is no {FILE} in it: run `make synth` first")
    data.mkdir(parents=True, exist_ok=True, mode=0o700)  # a backend's configuration may hold keys
    # The plan and its JSON hold every value, sensitive ones too. Nobody else may read them, and they are removed afterwards.
    with tempfile.TemporaryDirectory(prefix="review-") as private:
        plan = Path(private) / "plan"
        # With -reconfigure the state stays where it is: if its address has changed, Terraform would ask whether to move it.
        _terraform(folder, data, "init", "-input=false", "-reconfigure")
        # Without the lock: a review writes nothing. So a role that may only read is enough, and no deploy has to wait.
        _terraform(folder, data, "plan", "-input=false", "-lock=false", f"-out={plan}")
        yield Planned(plan, _terraform(folder, data, "show", "-json", str(plan)))


def apply(folder: Path, data: Path, plan: Path) -> int:
    """Apply the plan, and return Terraform's exit code. What Terraform prints is printed.

    Terraform takes the state's lock, and refuses a plan that was made before the state's last change. Ctrl-C reaches it too: it
    ends what it has begun, and here that is awaited.
    """
    with subprocess.Popen([_binary(), "apply", "-input=false", str(plan)], cwd=folder, env=_environment(data)) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue


def _binary() -> str:
    return os.environ.get("TERRAFORM_BINARY_NAME", "terraform")


def _environment(data: Path) -> dict[str, str]:
    return {**os.environ, "TF_DATA_DIR": str(data.resolve()), "TF_IN_AUTOMATION": "1"}


def _terraform(folder: Path, data: Path, command: str, *options: str) -> bytes:
    """Run one command and return what it printed. Raises ReviewError."""
    title = f"terraform {command} in {folder}"
    print(f"==> {title}", file=sys.stderr, flush=True)
    try:
        process = subprocess.Popen(
            [_binary(), command, "-no-color", *options],
            cwd=folder,
            env=_environment(data),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as error:
        raise ReviewError(f"{_binary()} cannot be run: {error.strerror}") from None
    output, errors = _output(process)
    if process.returncode != 0:
        reason = errors.decode(errors="replace").rstrip()
        raise ReviewError(f"{title} failed with exit code {process.returncode}\n{reason}".rstrip())
    return output


def _output(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """What a command prints on standard output and standard error. While it runs, print the seconds now and then."""
    started = time.monotonic()
    with process:
        try:
            while True:
                try:
                    return process.communicate(timeout=_PROGRESS_SECONDS)
                except subprocess.TimeoutExpired:
                    print(f"    {time.monotonic() - started:.0f} s …", file=sys.stderr, flush=True)
        except BaseException:  # also one that is raised while the seconds are printed
            process.terminate()  # so that Terraform ends its providers; after a kill they would go on
            process.wait()
            raise
