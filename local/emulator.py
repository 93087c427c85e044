"""One emulator as a process: starts it, waits until it is ready, and finds it again later."""

import fcntl
import os
import subprocess
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

from local.endpoints import LOOPBACK
from local.errors import LocalError

HERE = Path(__file__).parent


class Owner(NamedTuple):
    """The process that holds a pid file, and the port that it uses."""

    pid: int
    port: int


@dataclass(frozen=True)
class Emulator:
    """How to run an emulator. At the start, `{port}`, `{region}` and `{folder}` in the command and settings are filled in, and
    `{<name>_port}` with the port of another emulator.
    """

    name: str
    port_variable: str
    """The environment variable that sets a fixed port."""
    health: str
    """The path that answers 200 when the emulator is ready."""
    command: tuple[str, ...]
    """A module or a Python file, and its arguments."""
    settings: Mapping[str, str]
    """Environment variables."""

    def launch(
        self, python: Path, port: int, region: str, folder: Path, *, attached: bool, others: Mapping[str, int] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start the emulator as the leader of its own process group. Its log and its pid file are in `folder`.

        Of this process's environment it gets only the PATH: functions inherit the emulator's environment, and a profile, a
        proxy or a PYTHONPATH from here would change what they do. `others` are the ports of other emulators by their names.
        """
        folder = folder.resolve()
        ports = {f"{name}_port": number for name, number in (others or {}).items()}
        filled = {"port": port, "region": region, "folder": folder, **ports}
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(folder),
            "TMPDIR": str(folder / "tmp"),
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            **{name: value.format(**filled) for name, value in self.settings.items()},
        }
        pid_file = self.pid_file(folder)
        pid_file.unlink(missing_ok=True)
        mode = "attached" if attached else "detached"
        supervisor = [str(python), "-P", str(HERE / "supervisor.py"), str(pid_file), str(port), mode]
        with self.log(folder).open("wb") as log:
            return subprocess.Popen(
                [*supervisor, *(part.format(**filled) for part in self.command)],
                stdin=subprocess.PIPE if attached else subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=environment,
                start_new_session=True,
            )

    def wait_until_ready(self, port: int, process: subprocess.Popen[bytes], folder: Path, seconds: float) -> None:
        """Return when it answers. Raises LocalError if it ends before that, or does not answer within `seconds`."""
        log = self.log(folder)
        deadline = time.monotonic() + seconds
        while not self.answers(port):
            if process.poll() is not None:
                lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
                reason = lines[-1] if lines else "it printed nothing"
                raise LocalError(f"{self.name} ended while starting: {reason} (log: {log})")
            if time.monotonic() > deadline:
                raise LocalError(f"{self.name} does not answer on port {port} after {seconds:.0f} s (log: {log})")
            time.sleep(0.05)

    def answers(self, port: int) -> bool:
        """Whether it answers on that port. Asks without a proxy, even if the environment sets one."""
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(f"http://{LOOPBACK}:{port}{self.health}", timeout=2) as reply:
                return bool(reply.status == HTTPStatus.OK)
        except OSError:
            return False

    def owner(self, folder: Path) -> Owner | None:
        """The process that runs in `folder`, if one does. Only a locked pid file counts: see supervisor.py."""
        try:
            with self.pid_file(folder).open() as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    pid, port = file.read().split()
                    return Owner(int(pid), int(port))
        except FileNotFoundError:
            pass
        return None

    def pid_file(self, folder: Path) -> Path:
        """Holds "PID PORT". It is locked while the process runs."""
        return folder / f"{self.name}.pid"

    def log(self, folder: Path) -> Path:
        """The file with everything that it prints."""
        return folder / f"{self.name}.log"
