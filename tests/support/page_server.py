"""The server of the pages, asked in this process, without a port."""

from __future__ import annotations

from starlette.testclient import TestClient
from training_events.pages.server.app import PageServer
from training_events.pages.server.security import Access
from training_events.pages.server.shared_sources import SharedSources

HOST = "http://localhost:7788"


def page_client(url: str, access: Access | None = None, base: str = HOST) -> TestClient:
    """A browser that follows no redirect by itself. Use it in a `with`: then the server has begun, and ends."""
    pages = PageServer(SharedSources(url), access or Access("127.0.0.1", 7788))
    return TestClient(pages.app, base_url=base, follow_redirects=False, raise_server_exceptions=False)
