"""Runs `terraform init`, `plan` and `show` in a stack's folder, for a plan that nobody applies."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from review.errors import ReviewError
from review.stack import FILE

_TELL_SECONDS = 5


def make(folder: Path, data: Path) -> bytes:
    """The plan of the stack in `folder`, as JSON. Raises ReviewError.

    data: Terraform's working folder (TF_DATA_DIR), kept for the next review. Not the `.terraform` of the stack's folder: a
    review may run beside a `cdktf deploy` and must not turn its backend around. The provider's lock file is shared, so that
    what is reviewed is planned with the provider that deploys.
    """
    if not (folder / FILE).is_file():
        raise ReviewError(f"{folder}: there is no {FILE} in it: run `make synth` first")
    data.mkdir(parents=True, exist_ok=True, mode=0o700)  # a backend's configuration may hold keys
    # Plan and JSON hold every value, also the sensitive ones: they are nobody else's to read, and are gone afterwards.
    with tempfile.TemporaryDirectory(prefix="review-") as private:
        plan = str(Path(private) / "plan")
        # The state stays where it is: of a changed address Terraform would ask whether to move it there.
        _terraform(folder, data, "init", "-input=false", "-reconfigure")
        # Without the lock: a review writes nothing, so that a role which may only read is enough, and it holds up no deploy.
        _terraform(folder, data, "plan", "-input=false", "-lock=false", f"-out={plan}")
        return _terraform(folder, data, "show", "-json", plan)


def _terraform(folder: Path, data: Path, command: str, *options: str) -> bytes:
    """Run one command and return what it printed."""
    binary = os.environ.get("TERRAFORM_BINARY_NAME", "terraform")
    said = f"terraform {command} in {folder}"
    print(f"==> {said}", file=sys.stderr, flush=True)
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
    printed, complaint = _outcome(process)
    if process.returncode != 0:
        complained = complaint.decode(errors="replace").rstrip()
        raise ReviewError(f"{said} failed with exit code {process.returncode}\n{complained}".rstrip())
    return printed


def _outcome(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """What a command prints on its two streams, once it has ended; meanwhile its time is told now and then."""
    started = time.monotonic()
    with process:
        try:
            while True:
                try:
                    return process.communicate(timeout=_TELL_SECONDS)
                except subprocess.TimeoutExpired:
                    print(f"    {time.monotonic() - started:.0f} s …", file=sys.stderr, flush=True)
        except BaseException:  # also one that comes while the time is told
            process.terminate()  # Terraform ends its providers, which a kill would leave behind
            process.wait()
            raise
