"""`training-events report`: one file, whole or not at all, that shows the streams that were named."""

import base64
import hashlib
import re
import sys

import pytest
from training_events.stores.opening import open_event_log

from tests.support.command_line import make_event, parse_document, run_cli
from tests.support.pages import tags_of, text_of


@pytest.fixture
def url(bare_environment, tmp_path):
    """A log with two runs and a model."""
    url = f"sqlite:///{tmp_path}/log.db"
    log = open_event_log(url)
    for run in ("run/a", "run/b"):
        log.append(make_event(run, "TrainingStarted", 1, model="digits"))
        log.append(make_event(run, "TrainingCompleted", 9))
    log.append(make_event("model/digits", "ModelRegistered", 10, version="1", run="a"))
    return url


def test_it_writes_a_file_named_after_the_stream_and_tells_its_path_and_size(url, capsys, tmp_path):
    code, out, _ = run_cli(capsys, "report", "run/a", "--log", url)
    html = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert code == 0
    assert re.fullmatch(r"a\.html \([0-9.]+ kB\)\n", out)
    assert "run a Summary completed" in text_of(html)
    assert [path.name for path in tmp_path.glob("*report*")] == []


def test_it_tells_its_log_its_times_and_how_it_was_made(url, capsys, tmp_path):
    run_cli(capsys, "report", "run/a", "--log", url, "--as-of", "2026-11-22T15:08:03", "--known-at", "now")
    shown = text_of((tmp_path / "a.html").read_text(encoding="utf-8"))
    assert f"Report of {url} As of 2026-11-22 15:08:03 UTC Known at" in shown
    assert "training-events report run/a --as-of 2026-11-22T15:08:03.000000Z --known-at" in shown
    assert "running for 2.0 s" in shown
    assert " ago" not in shown


def test_several_streams_are_in_one_file_and_link_to_each_other(url, capsys, tmp_path):
    code, out, _ = run_cli(capsys, "report", "run/b", "model/digits", "run/b", "--log", url, "-o", "all.html", "--json")
    html = (tmp_path / "all.html").read_text(encoding="utf-8")
    document = parse_document("report", out)
    assert code == 0
    assert (document["path"], document["bytes"], document["streams"]) == (
        "all.html",
        (tmp_path / "all.html").stat().st_size,
        ["run/b", "model/digits"],
    )
    ids = [attributes["id"] for _, attributes in tags_of(html) if "id" in attributes]
    links = {attributes["href"].removeprefix("#") for tag, attributes in tags_of(html) if tag == "a"}
    assert len(ids) == len(set(ids))
    assert links <= set(ids)
    assert {"p1-title", "p2-title"} <= links


def test_several_runs_are_compared_first_and_then_shown_in_short(url, capsys, tmp_path):
    for name, value in (("run/a", 0.9), ("run/b", 0.8)):
        points = [{"name": "accuracy", "value": value, "step": 1}]
        open_event_log(url).append(make_event(name, "MetricsRecorded", 5, points=points))
    run_cli(capsys, "report", "model/digits", "run/a", "run/b", "--log", url, "-o", "all.html")
    html = (tmp_path / "all.html").read_text(encoding="utf-8")
    tags = tags_of(html)
    assert [attributes["class"] for tag, attributes in tags if tag == "article"] == [
        "page page-comparison",
        "page page-run",
        "page page-run",
        "page page-model",
    ]
    assert [attributes["data-metric"] for _, attributes in tags if attributes.get("class") == "curve"] == ["accuracy"]
    assert "comparison a and b What differs" in text_of(html)
    assert "<title>a, b, digits</title>" in html


def test_more_runs_than_can_be_compared_are_refused_before_any_is_read(bare_environment, capsys, tmp_path):
    url = f"sqlite:///{tmp_path}/log.db"
    runs = [f"run/{number}" for number in range(51)]
    log = open_event_log(url)
    for run in runs:
        log.append(make_event(run, "TrainingStarted", 1))
    code, _, err = run_cli(capsys, "report", *runs, "--log", url)
    assert code == 2
    assert "50" in err
    assert not list(tmp_path.glob("*.html"))


def test_standard_output_gets_the_file_itself(url, capfdbinary, tmp_path):
    from training_events import cli  # noqa: PLC0415

    assert cli.run(["report", "run/a", "--log", url, "-o", "-"]) == 0
    sys.stdout.flush()
    assert capfdbinary.readouterr().out.startswith(b"<!doctype html>")
    assert not list(tmp_path.glob("*.html"))


def test_a_browser_may_run_what_is_inside_and_ask_for_nothing(url, capsys, tmp_path):
    run_cli(capsys, "report", "run/a", "--log", url)
    html = (tmp_path / "a.html").read_text(encoding="utf-8")
    tags = tags_of(html)
    metas = [attributes for _, attributes in tags if attributes.get("http-equiv") == "Content-Security-Policy"]
    policy = metas[0]["content"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    inline = re.findall(r"<(style)>(.*?)</style>", html, re.DOTALL) + re.findall(r"<(script)>(.*?)</script>", html, re.DOTALL)
    hashes = {f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for _, text in inline}
    assert set(re.findall(r"'sha256-[^']+'", policy)) == hashes
    assert not [tag for tag, attributes in tags if tag in ("link", "iframe", "object") or "src" in attributes]


def test_a_report_takes_the_place_of_an_earlier_one(url, capsys, tmp_path):
    for link in ("a.html", "elsewhere.html"):
        run_cli(capsys, "report", "run/a", "--log", url, "-o", link)
    (tmp_path / "link.html").symlink_to("elsewhere.html")
    (tmp_path / "elsewhere.html").write_text("old")
    run_cli(capsys, "report", "run/a", "--log", url, "-o", "link.html")
    assert (tmp_path / "link.html").is_symlink()
    assert (tmp_path / "elsewhere.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run/aa"], "the log has no event of run/aa; did you mean `run/a`"),
        (["a"], "did you mean `run/a`"),
        (["run/a", "-o", "no/a.html"], "'no/a.html' cannot be written: there is no folder 'no'"),
        (["run/a", "-o", "."], "'.' is a folder: name a file in it"),
        (["run/a", "-o", "-", "--json"], "--json and -o - exclude each other"),
        (["run/a", "--as-of", "2001-01-01"], "the log has no event of run/a"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_no_file(url, capsys, tmp_path, arguments, message):
    code, out, err = run_cli(capsys, "report", *arguments, "--log", url)
    assert (code, out) == (2, "")
    assert message in err
    assert not list(tmp_path.glob("*.html"))


def test_a_folder_that_takes_no_file_is_told(url, capsys, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    code, _, err = run_cli(capsys, "report", "run/a", "--log", url)
    assert code == 1
    assert re.search(r"No space left on device: '.*/a\.html'", err)


@pytest.mark.parametrize(
    ("stream", "name"),
    [
        ("run/../../etc/passwd", "etc-passwd.html"),
        ("run/.hidden", "hidden.html"),
        ("run/a b|c", "a-b-c.html"),
        ("run/سلام", "سلام.html"),
        ("run/" + "数" * 200, "数" * 66 + ".html"),
        ("run/?", "report.html"),
    ],
)
def test_a_default_name_stays_in_this_folder(bare_environment, capsys, tmp_path, stream, name):
    url = f"sqlite:///{tmp_path}/log.db"
    open_event_log(url).append(make_event(stream, "TrainingStarted", 1))
    assert run_cli(capsys, "report", stream, "--log", url)[0] == 0
    assert name in [file.name for file in tmp_path.iterdir()]
