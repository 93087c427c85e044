"""Who may ask, and what a browser may do with an answer.

A program that listens on this machine can be reached by every web page that its user looks at, which cannot read an answer,
unless it makes its own name lead to this machine (DNS rebinding). So the Host header has to name this machine. Where others
can reach the port, only who knows the token gets an answer, as with Jupyter.
"""

from __future__ import annotations

import hmac
import re
import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlencode

from msgspec import Struct
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response

from training_events.pages.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    # nothing from anywhere else, no inline script or style, no frame around it, no form to elsewhere
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_WRONG = (
    "the token in the address is not the one of this server: it makes a new one each time it starts, and prints the address"
    " with it"
)
_MISSING = (
    "others can reach this server, so it asks for its token: open the address with ?token=… that `training-events ui` printed,"
    " once in each browser"
)
_METHODS = ("GET", "HEAD")
_COOKIE = "training-events"
_HOST = re.compile(r"(?:\[(?P<number>[0-9a-f:.%]+)\]|(?P<name>[a-z0-9._-]+))(?::[0-9]*)?")
_OPEN_TO_ALL = "/static/"
"""Scripts and styles, which anybody can have from PyPI: the page that asks for the token needs them."""


class Access(Struct, frozen=True):
    """At which address the server listens, and the token that it asks for; None where only this machine can reach it."""

    host: str
    port: int
    token: str | None = None

    @property
    def cookie(self) -> str:
        """Browsers do not tell the ports of a machine apart: each has a cookie of its own name."""
        return f"{_COOKIE}-{self.port}"

    def knows(self, given: str | None) -> bool:
        """Whether this is the token, in a time that does not depend on how much of it is right."""
        return given is not None and self.token is not None and hmac.compare_digest(given.encode(), self.token.encode())


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine reach an address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_own_host(header: str, bound: str) -> bool:
    """Whether a Host header names this machine. Its port says nothing: over ssh it is another one.

    An address in numbers was not looked up in the DNS, so nobody else has made it lead here.
    """
    match = _HOST.fullmatch(header.lower())
    host = (match["number"] or match["name"]).rstrip(".") if match else ""
    if host == "localhost" or host.endswith(".localhost") or host == bound.lower() or is_loopback(host):
        return True
    if is_loopback(bound):
        return False
    return _is_number(host) or host in {name.lower() for name in (socket.gethostname(), socket.getfqdn())}


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class Guard:
    """Middleware: lets through what may be asked, and puts the security headers on every answer.

    `refuse` makes the page that says why something is not answered.
    """

    def __init__(self, app: ASGIApp, access: Access, refuse: Callable[[Problem], Response]) -> None:
        self._app, self._access, self._refuse = app, access, refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":  # the start and the end of the server
            await self._app(scope, receive, send)
            return

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-cache")
            await send(message)

        answer = self._answer(scope) or self._app
        await answer(scope, receive, send_secured)

    def _answer(self, scope: Scope) -> Response | None:
        """What is answered here, or None where the app may answer."""
        host, method = Headers(scope=scope).get("host", ""), scope["method"]
        if not is_own_host(host, self._access.host):
            allowed = "localhost, or the address that `training-events ui` printed"
            return self._refuse(Problem(400, "Another machine's name", f"the Host header is {host!a:.80}; allowed: {allowed}"))
        if method not in _METHODS:
            allowed = "GET and HEAD, because pages change nothing"
            refused = self._refuse(Problem(405, "Read-only", f"the method is {method!a:.20}; allowed: {allowed}"))
            refused.headers["Allow"] = ", ".join(_METHODS)
            return refused
        if self._access.token is None or scope["path"].startswith(_OPEN_TO_ALL):
            return None
        return self._admission(HTTPConnection(scope))

    def _admission(self, asked: HTTPConnection) -> Response | None:
        """The first address has the token. A browser keeps it as a cookie, and goes on at the address without it."""
        parameters = parse_qsl(asked.url.query, keep_blank_values=True)
        given = [value for name, value in parameters if name == "token"]
        if given and self._access.knows(given[-1]):
            rest = urlencode([(name, value) for name, value in parameters if name != "token"])
            # two slashes would begin the name of another machine
            path = f"/{quote(asked.url.path.lstrip('/'), safe='/%')}"
            welcome = RedirectResponse(f"{path}?{rest}" if rest else path, status_code=303)
            welcome.set_cookie(self._access.cookie, given[-1], httponly=True, samesite="strict")
            return welcome
        if given:
            return self._refuse(Problem(403, "Another token", _WRONG))
        if self._access.knows(asked.cookies.get(self._access.cookie)):
            return None
        refused = self._refuse(Problem(401, "A token is needed", _MISSING))
        if asked.headers.get("sec-fetch-site") == "cross-site":
            # who follows a link from another site: the browser sends the cookie only to a request that comes from here
            refused.headers["Refresh"] = "0"
        return refused
