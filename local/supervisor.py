"""Run an emulator or a command so that it never outlives a starter that wants it gone, and can be found again by others.

    python -P supervisor.py PIDFILE PORT attached|detached TARGET [ARGUMENT...]

TARGET is a module's name, the path of a Python file, or `--` for a command, which follows. PIDFILE may be empty. Runs in the
emulators' virtual environment too: standard library only.

No process manager does this: supervisord, circus and the like outlive whoever started them.

The pid file is locked for as long as this process lives. So a pid read from a *locked* file is ours, and one read from a
file that is not locked is stale, whoever bears that number today.

Attached: standard input is a pipe whose other end only the starter holds. It closes however the starter ends, kill -9
included, and this process then ends its whole group, Lambda functions and all. (PR_SET_PDEATHSIG would spare the functions,
fire when a mere thread of the starter ends, and exist on Linux only.)
"""

import fcntl
import os
import runpy
import signal
import subprocess
import sys
import threading
from pathlib import Path


def end_with_starter() -> None:
    """Wait until standard input closes, then kill the process group, which is this process and what it started."""
    while os.read(0, 1024):
        pass
    os.killpg(os.getpgid(0), signal.SIGKILL)


def main(pid_file: str, port: str, mode: str, target: str, *arguments: str) -> None:
    """Lock the pid file, tie this process to its starter if asked to, and become the target."""
    if os.getpgid(0) != os.getpid():
        raise SystemExit("supervisor: start me in a session of my own; I end my whole process group")
    if pid_file:
        held = Path(pid_file).open("a+", encoding="ascii")  # noqa: SIM115 - never closed: locked until the process ends
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        held.truncate(0)
        held.write(f"{os.getpid()} {port}\n")
        held.flush()
    if mode == "attached":
        threading.Thread(target=end_with_starter, daemon=True).start()
    if target == "--":
        try:
            raise SystemExit(subprocess.call(arguments, stdin=subprocess.DEVNULL))
        except OSError as error:
            raise SystemExit(f"{arguments[0]}: {error.strerror}") from None
    sys.argv = [target, *arguments]
    if target.endswith(".py"):
        runpy.run_path(target, run_name="__main__")
    else:
        runpy.run_module(target, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
