"""Runs the server of the pages until it is interrupted."""

from __future__ import annotations

import errno
import secrets
import socket
from typing import TYPE_CHECKING

import uvicorn

from training_events.errors import Misused, NotServed
from training_events.pages.server.app import PageServer
from training_events.pages.server.security import Access, is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable

    from training_events.pages.server.changes import Changes
    from training_events.pages.server.shared_sources import SharedSources

DEFAULT_PORT = 7788
MAX_PORTS_TRIED = 20
_LAST_ANSWERS_SECONDS = 5
"""For how long a page that is being made may still be answered, once the server is to end."""


def serve(sources: SharedSources, host: str, port: int | None, on_start: Callable[[str], None]) -> None:
    """Answer requests until a signal comes, which is raised again at the end. `on_start` gets the address to open.

    Without a port it is DEFAULT_PORT, or the next one that is free. Raises NotServed where it cannot listen, and Misused for a
    host that is not of this machine.
    """
    listening = _listen(host, port)
    bound, bound_port, *_ = listening.getsockname()
    token = None if is_loopback(bound) else secrets.token_urlsafe(32)
    pages = PageServer(sources, Access(host, bound_port, token))
    config = uvicorn.Config(
        pages.app,
        log_config=None,  # errors are told by the pages, and in one line each by the server of the pages
        log_level="critical",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_LAST_ANSWERS_SECONDS,
    )
    on_start(_address(host, bound_port, token))
    _Server(config, pages.changes).run(sockets=[listening])


class _Server(uvicorn.Server):
    """Ends what waits for changes first: uvicorn waits for every answer that has begun."""

    def __init__(self, config: uvicorn.Config, changes: Changes) -> None:
        super().__init__(config)
        self._changes = changes

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._changes.close()
        await super().shutdown(sockets)


def _listen(host: str, port: int | None) -> socket.socket:
    try:
        family, *_ = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError):
        raise Misused(f"{host!a:.80} is no address of this machine; allowed: 127.0.0.1, 0.0.0.0, its name") from None
    wanted = range(DEFAULT_PORT, DEFAULT_PORT + MAX_PORTS_TRIED) if port is None else range(port, port + 1)
    for number in wanted:
        try:
            return socket.create_server((host, number), family=family)
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise Misused(f"{host!a:.80} is no address of this machine; allowed: 127.0.0.1, 0.0.0.0, its name") from None
            if error.errno != errno.EADDRINUSE:
                raise NotServed(f"cannot listen at port {number} of {host}: {error.strerror}") from None
    if port is not None:
        raise NotServed(
            f"port {port} of {host} is taken: by another `training-events ui`? Without --port the next free one is used"
        )
    raise NotServed(f"the ports {wanted[0]} to {wanted[-1]} of {host} are all taken: --port 0 finds a free one")


def _address(host: str, port: int, token: str | None) -> str:
    """What a person opens. At 0.0.0.0 the server is under every name of the machine, and a browser needs one."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - compared, not listened at
        host = socket.gethostname()
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}/" + (f"?token={token}" if token else "")
