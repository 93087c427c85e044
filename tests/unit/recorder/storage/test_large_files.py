"""Large files: little of them is in memory at a time, and a terminal shows the progress."""

import io
import re
import subprocess
import sys
import threading
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from training_events import aws
from training_events.recorder.storage import progress
from training_events.recorder.storage.objects import ObjectStore, pin

from tests.support.dynamodb import aws_in_this_process
from tests.support.fakes import Answer
from tests.support.memory import peak
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow


class BottomlessS3:
    """An S3 that takes everything, keeps nothing, and returns the checksum of what it took."""

    def __init__(self) -> None:
        self.client = aws.client("s3")
        self.client.meta.events.register("before-send.s3", self._answer)
        self._lock = threading.Lock()
        self._parts: dict[int, bytes] = {}
        self.size = 0

    def _answer(self, event_name: str, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        operation, url = event_name.rpartition(".")[2], str(request.url)
        headers, body = HTTPHeaders(), b""
        if operation == "CreateMultipartUpload":
            body = b"<R><UploadId>u</UploadId></R>"
        elif operation == "UploadPart":
            headers["ETag"] = '"e"'
            self._take(int(re.findall(r"partNumber=(\d+)", url)[0]), request.body)
        elif operation == "PutObject":
            self._take(0, request.body)
        elif operation == "CompleteMultipartUpload":
            body = b"<R><ETag>e</ETag></R>"
        elif operation == "HeadObject":
            headers["Content-Length"] = str(self.size)
            headers["x-amz-checksum-sha256"] = self._checksum()
        return AWSResponse(url, 200, headers, Answer(body))

    def _checksum(self) -> str:
        if 0 in self._parts:
            return b64encode(self._parts[0]).decode()
        whole = sha256(b"".join(digest for _, digest in sorted(self._parts.items()))).digest()
        return f"{b64encode(whole).decode()}-{len(self._parts)}"

    def _take(self, number: int, body: Any) -> None:
        """The body has the form of Signature V4 with a trailer: each chunk's length in hex, then its content."""
        digest, size = sha256(), 0
        for chunk in body:
            length, _, content = chunk.partition(b"\r\n")
            digest.update(content[: int(length, 16)])
            size += int(length, 16)
            if not int(length, 16):
                break
        with self._lock:
            self._parts[number] = digest.digest()
            self.size += size


@pytest.fixture
def bottomless_s3():
    with aws_in_this_process(AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b"):
        yield BottomlessS3()


def sparse(path: Path, mebibytes: int) -> Path:
    with path.open("wb") as file:
        file.truncate(mebibytes * 2**20)
    return path


def read(file: Path) -> None:
    pin(file)


def send(file: Path) -> int:
    with aws_in_this_process(AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b"):
        s3 = BottomlessS3()
        ObjectStore("data", lambda: s3.client).store(file, "key")
        return s3.size


def test_reading_takes_the_memory_of_one_chunk_whatever_the_size(tmp_path):
    small, large = (peak(read, sparse(tmp_path / f"{size}", size))[0] for size in (4, 256))
    assert large < small + 50_000


def test_sending_takes_the_memory_of_some_chunks_and_never_of_whole_parts(tmp_path):
    (small, _), (large, sent) = (peak(send, sparse(tmp_path / f"{size}", size)) for size in (4, 256))
    assert sent == 256 * 2**20
    assert large < small + 48 * 2**20, "ten parts of 8 MiB are sent at a time"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("least", [1, 16 * 2**20])
def test_only_large_files_on_a_terminal_have_a_progress_bar(bottomless_s3, tmp_path, monkeypatch, terminal, least):
    screen = Terminal() if terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(progress, "WORTH_SHOWING_BYTES", least)
    monkeypatch.setenv("TERM", "xterm")
    file = sparse(tmp_path / "[red]model.bin", 9)
    ObjectStore("data", lambda: bottomless_s3.client).store(file, "key")
    shown = terminal and least == 1
    assert ("reading [red]model.bin" in screen.getvalue()) is shown
    assert ("storing [red]model.bin" in screen.getvalue()) is shown
    assert shown or not screen.getvalue()


def test_at_the_end_of_the_program_a_small_file_is_still_stored_and_a_large_one_is_an_error(tmp_path):
    """Python starts no more threads then, and a large file is sent by several."""
    script = f"""
import atexit, sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from training_events.errors import NotStored
from training_events.recorder.storage.objects import ObjectStore
from tests.support.dynamodb import aws_in_this_process
from tests.unit.recorder.storage.test_large_files import BottomlessS3, sparse

def at_the_end():
    with aws_in_this_process(AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b"):
        objects = ObjectStore("data", lambda: BottomlessS3().client)
        print(objects.store(sparse(Path({str(tmp_path / "small")!r}), 7), "small"))
        try:
            objects.store(sparse(Path({str(tmp_path / "large")!r}), 9), "large")
        except NotStored as error:
            print(error)
atexit.register(at_the_end)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    small, large = done.stdout.splitlines()
    assert "uri='s3://data/small'" in small
    assert "large was not stored at s3://data/large: " in large
    assert done.stderr == ""
