"""Deploys a stack to the emulators with the real cdktf CLI and the real Terraform."""

import json
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from local.emulator import HERE
from local.errors import LocalError
from local.progress import Progress, readable

MAX_LINES, MAX_CHARACTERS = 20, 300
"""How much of the output of a failed command is shown: its last lines, and the first characters of each."""


def bootstrap(name: str, environment: Mapping[str, str], log: Path) -> None:
    """Make the state bucket of the environment `name` (`deploy.state_bucket`). Raises LocalError."""
    command = [sys.executable, "-m", "deploy.state_bucket", name]
    run(command, environment, log, Progress("making the state bucket", sys.stderr))


def deploy(stack: str, environment: Mapping[str, str], output: Path, log: Path) -> dict[str, str]:
    """Deploy `stack` and return its Terraform outputs. Raises LocalError, after it has printed the end of cdktf's output.

    output: the folder for the synthesized Terraform and its working files. No other folder is changed, nor `cdktf.out`.
    log: the file that gets everything that cdktf and Terraform print.
    """
    outputs = output / "outputs.json"
    outputs.unlink(missing_ok=True)
    output.mkdir(parents=True, exist_ok=True)
    options = ["--auto-approve", "--no-color", "--output", str(output), "--outputs-file", str(outputs)]
    # This stack runs on this machine only, so it needs no hashes of the provider for other platforms.
    command = ["npx", "--no-install", "cdktf", "deploy", stack, "--skip-provider-lock", *options]
    run(command, environment, log, Progress(f"deploying {stack}", sys.stderr))
    try:
        return {name: str(value) for name, value in json.loads(outputs.read_text())[stack].items()}
    except (OSError, KeyError, ValueError):
        raise LocalError(f"cdktf wrote no outputs of {stack} (full output: {log})") from None


def run(command: list[str], environment: Mapping[str, str], log: Path, progress: Progress) -> None:
    """Run a command and show its progress. If this process ends, the command ends too, with everything that it started.

    The command gets a session of its own, so that Ctrl-C reaches only this process. On Ctrl-C Terraform would end in order, and
    retry requests to emulators that are gone. So it is killed: it runs on a terminal of cdktf, and gets the hang-up signal
    when that terminal closes.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-P", str(HERE / "supervisor.py"), "", "", "attached", "--", *command],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    assert process.stdin  # noqa: S101 - for the type checker: it is a pipe
    assert process.stdout  # noqa: S101
    try:
        with log.open("wb", buffering=0) as log_file:
            _follow(process.stdout, log_file, progress)
        code = process.wait()
    except BaseException:
        progress.end("interrupted")
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    finally:
        process.stdin.close()
        process.stdout.close()
    if code:
        progress.end("failed")
        for line in readable(log.read_text(errors="replace"))[-MAX_LINES:]:
            print(f"  {line[:MAX_CHARACTERS]}", file=sys.stderr)
        raise LocalError(f"{progress.title} failed with exit code {code} (full output: {log})")
    progress.end("done")


def _follow(source: IO[bytes], log_file: IO[bytes], progress: Progress) -> None:
    """Copy the output to the log as it comes, and update the progress at each line, or after a second without one."""
    rest = b""
    with selectors.DefaultSelector() as selector:  # select() itself takes no file beyond number 1023
        selector.register(source, selectors.EVENT_READ)
        while True:
            if not selector.select(1.0):
                progress.show()
                continue
            chunk = os.read(source.fileno(), 65536)
            if not chunk:
                return
            log_file.write(chunk)
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                progress.read(line.decode(errors="replace"))
