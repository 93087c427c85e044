"""A server on this machine for pip-audit and npm audit: OSV's query and npm's bulk advisories, for the packages of a test."""

import gzip
import json
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

FIXED = "99.0"


@contextmanager
def advisories(known: Collection[str] = (), *, broken: bool = False) -> Iterator[str]:
    """The address of a server that knows a vulnerability of each of these packages. A broken one fails at every request."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(known, broken=broken))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _handler(known: Collection[str], *, broken: bool) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            request = json.loads(gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body)
            if broken:
                self.send_error(500)
            elif self.path == "/v1/query":
                name = request["package"]["name"]
                self._answer({"vulns": [_of_osv(name)]} if name in known else {})
            else:
                self._answer({name: [_of_npm(name)] for name in request if name in known})

        def do_GET(self) -> None:  # npm asks which version has the fix
            self.send_error(404)

        def _answer(self, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    return Handler


def _of_osv(name: str) -> dict[str, Any]:
    """https://ossf.github.io/osv-schema/"""
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": FIXED}]}]
    affected = [{"package": {"name": name, "ecosystem": "PyPI"}, "ranges": ranges}]
    return {"id": f"PYSEC-{name}", "aliases": [f"CVE-{name}"], "affected": affected}


def _of_npm(name: str) -> dict[str, Any]:
    return {
        "id": 1,
        "url": f"https://github.com/advisories/GHSA-{name}",
        "title": "Runs what it is given",
        "severity": "high",
        "vulnerable_versions": f"<{FIXED}",
    }
