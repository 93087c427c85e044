"""uv takes packages from where pip is configured to take them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from training_events.reproduction.launch.pip_settings import options, pip_settings, variables, variables_of_all

from tests.support.paths import ROOT

SHOWS = """#!/bin/sh
echo "$@"
echo "$UV_INDEX_URL $UV_INSECURE_HOST $SSL_CERT_FILE $ALL_PROXY"
"""


@pytest.mark.parametrize(
    ("listed", "index"),
    [
        ("global.index-url='https://a/simple'", "https://a/simple"),
        ("install.index-url='https://b/simple'\nglobal.index-url='https://a/simple'", "https://b/simple"),
        (":env:.index-url='https://c/simple'\nglobal.index-url='https://a/simple'", "https://c/simple"),
        ("global.timeout='180'", None),
    ],
)
def test_pips_own_order_decides(listed: str, index: str | None) -> None:
    assert variables(pip_settings(listed)).get("UV_INDEX_URL") == index


def test_a_folder_of_wheels_in_place_of_an_index_is_handed_on_and_one_beside_an_index_is_not() -> None:
    assert options({"no-index": "true", "find-links": "/a\n/b"}) == ["--no-index", "--find-links=/a", "--find-links=/b"]
    assert options({"find-links": "/a"}) == []


def test_a_run_is_done_again_with_packages_of_all_places_that_pip_knows() -> None:
    settings = {"index-url": "https://a/simple", "extra-index-url": "https://b\nhttps://c", "find-links": "/a\n/b"}
    assert variables(settings) == {"UV_INDEX_URL": "https://a/simple"}
    assert variables_of_all(settings) == {
        "UV_INDEX_URL": "https://a/simple",
        "UV_EXTRA_INDEX_URL": "https://b https://c",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": "/a,/b",
    }


@pytest.mark.parametrize("own", [{}, {"UV_INDEX_URL": "https://mine/simple"}])
def test_uv_is_called_with_them_and_what_is_set_for_uv_goes_first(tmp_path: Path, own: dict[str, str]) -> None:
    """By a Python beside which uv is a script that shows what it got."""
    subprocess.run([sys.executable, "-m", "venv", "--system-site-packages", "--without-pip", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    (packages,) = tmp_path.glob("venv/lib/python*/site-packages")
    (packages / "here.pth").write_text(str(Path(next(path for path in sys.path if path.endswith("site-packages")))))
    (uv := python.with_name("uv")).write_text(SHOWS)
    uv.chmod(0o755)
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://mirror/simple\ntrusted-host = mirror\n")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "SSL_", "ALL_PROXY"))}
    given = {"PIP_CONFIG_FILE": str(tmp_path / "pip.conf"), "PIP_CERT": "/cert.pem", "PIP_PROXY": "http://proxy:1", **own}
    done = subprocess.run(
        [python, "-m", "tools.uv_with_pip_settings", "pip", "sync"],
        cwd=ROOT,
        env=kept | given,
        capture_output=True,
        text=True,
        check=True,
    )
    index = own.get("UV_INDEX_URL", "https://mirror/simple")
    assert done.stdout == f"pip sync\n{index} mirror /cert.pem http://proxy:1\n"
