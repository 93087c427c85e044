"""Runs `terraform init`, `plan` and `show` in a stack's folder, for a plan that nobody applies."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from review.errors import ReviewError
from review.stack import FILE

_PROGRESS_SECONDS = 5


def make_plan(folder: Path, data: Path) -> bytes:
    """The plan of the stack in `folder`, as JSON. Raises ReviewError.

    data: Terraform's working folder (TF_DATA_DIR), kept for the next review. It is not the `.terraform` of the stack's folder:
    a review may run beside a `cdktf deploy`, and must not reconfigure the backend of that. Both share the provider's lock
    file, so that the review uses the provider that deploys.
    """
    if not (folder / FILE).is_file():
        raise ReviewError(f"{folder}: there is no {FILE} in it: run `make synth` first")
    data.mkdir(parents=True, exist_ok=True, mode=0o700)  # a backend's configuration may hold keys
    # The plan and its JSON hold every value, sensitive ones too. Nobody else may read them, and they are removed afterwards.
    with tempfile.TemporaryDirectory(prefix="review-") as private:
        plan = str(Path(private) / "plan")
        # With -reconfigure the state stays where it is: if its address has changed, Terraform would ask whether to move it.
        _terraform(folder, data, "init", "-input=false", "-reconfigure")
        # Without the lock: a review writes nothing. So a role that may only read is enough, and no deploy has to wait.
        _terraform(folder, data, "plan", "-input=false", "-lock=false", f"-out={plan}")
        return _terraform(folder, data, "show", "-json", plan)


def _terraform(folder: Path, data: Path, command: str, *options: str) -> bytes:
    """Run one command and return what it printed. Raises ReviewError."""
    binary = os.environ.get("TERRAFORM_BINARY_NAME", "terraform")
    title = f"terraform {command} in {folder}"
    print(f"==> {title}", file=sys.stderr, flush=True)
    try:
        process = subprocess.Popen(
            [binary, command, "-no-color", *options],
            cwd=folder,
            env={**os.environ, "TF_DATA_DIR": str(data.resolve()), "TF_IN_AUTOMATION": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as error:
        raise ReviewError(f"{binary} cannot be run: {error.strerror}") from None
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
