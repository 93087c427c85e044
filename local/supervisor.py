"""Runs an emulator or a command as a process that ends with its starter, if that is wanted, and that others can find.

    python -P supervisor.py PIDFILE PORT attached|detached TARGET [ARGUMENT...]

TARGET is the name of a module, the path of a Python file, or `--` for a command, which follows. PIDFILE may be empty. This
script also runs in the emulators' virtual environment, so it uses only the standard library.

No process manager does this: supervisord, circus and the like outlive the process that started them.

The pid file is locked while this process runs. So a pid in a *locked* file is that of this process. A pid in a file that is not
locked is out of date, and another process may have that number by now.

Attached: standard input is a pipe, and only the starter holds its other end. The pipe closes however the starter ends, also
by kill -9. Then this process kills its whole group, Lambda functions included. (PR_SET_PDEATHSIG would not end the functions,
would already act when a thread of the starter ends, and exists on Linux only.)
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
    """Wait until standard input closes. Then kill the process group: this process and everything that it started."""
    while os.read(0, 1024):
        pass
    os.killpg(os.getpgid(0), signal.SIGKILL)


def main(pid_file: str, port: str, mode: str, target: str, *arguments: str) -> None:
    """Lock the pid file, end with the starter if the mode is "attached", and run the target."""
    if os.getpgid(0) != os.getpid():
        raise SystemExit("supervisor: start this in a session of its own, because it kills its whole process group")
    if pid_file:
        lock = Path(pid_file).open("a+", encoding="ascii")  # noqa: SIM115 - never closed: locked until the process ends
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        lock.truncate(0)
        lock.write(f"{os.getpid()} {port}\n")
        lock.flush()
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
