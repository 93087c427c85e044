"""`compare --markdown`: a comment in which names are names, whatever they hold."""

import re

import pytest
from markdown_it import MarkdownIt
from training_events.cli.comparison_markdown import MAX_BYTES, comparison_markdown
from training_events.reading.log import Log

from tests.support.command_line import run_cli
from tests.support.pages import shown_log, tags_of

PARSER = MarkdownIt("gfm-like", {"linkify": False})
HOSTILE = [
    "| a | b |",
    "\\|`\\`|``",
    "`",
    "</code></td></table><script>alert(1)</script>",
    "@team and #12, see www.example.com https://example.com a@example.com",
    "![x](javascript:alert(1)) [y](http://example.com)",
    "\u202e\x1b[31m",
    "<!-- compared runs -->",
    "ends in \\",
]


def at(minute):
    return f"2026-11-22T15:{minute:02d}:00.000000Z"


def runs(one, other=None):
    """Two runs whose texts are these."""
    for name, text in (("a", one), ("b", other or one)):
        spec = {"model": text, "hyperparameters": {one: text, "C": name}, "code": {"dirty": True, "commit": name * 12}}
        yield f"run/{name}", "TrainingStarted", at(0), spec
        yield (
            f"run/{name}",
            "MetricsRecorded",
            at(1),
            {"points": [{"name": one, "value": 0.5 if name == "a" else 1, "step": 1}]},
        )


def markdown(tmp_path, *facts, names=("a", "b")):
    return comparison_markdown(Log(shown_log(tmp_path, *facts)).compare(names))


def test_it_has_the_sentence_the_inputs_and_the_metrics_with_the_better_value_named(tmp_path):
    lines = markdown(tmp_path, *runs("accuracy")).splitlines()
    assert lines[0] == "### hyperparameter C and the code differ"
    assert "| `params.C` | `a` | `b` |" in lines
    assert "| `accuracy best, last` | `0.5 @ 1` | `1 @ 1 (+0.5), better` |" in lines
    assert any(line.startswith("**not recorded**: `datasets`, `image`") for line in lines)
    assert any(line.startswith("**left open**: `the code of a was changed") for line in lines)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_name_stays_in_code_and_in_its_cell(tmp_path, text):
    html = PARSER.render(markdown(tmp_path / "hostile", *runs(text, f"{text}!")))
    plain = PARSER.render(markdown(tmp_path / "plain", *runs("loss", "other")))
    assert [tag for tag, _ in tags_of(html)] == [tag for tag, _ in tags_of(plain)]
    outside_of_code = re.sub(r"<code>.*?</code>", "", html)
    for sign in ("@team", "example.com", "#12", "javascript", "\u202e", "\x1b", "compared runs"):
        assert sign not in outside_of_code


def test_what_a_cell_shows_is_the_name_to_the_letter(tmp_path):
    html = PARSER.render(markdown(tmp_path, *runs("\\|`\\`|`` a<b")))
    assert "<code>\\|`\\`|`` a&lt;b</code>" in html


def test_it_fits_into_a_comment_and_says_what_is_missing(tmp_path):
    facts = [
        (f"run/r{run}", "TrainingStarted", at(0), {"hyperparameters": {f"h{number}": f"{run}" * 100 for number in range(40)}})
        for run in range(20)
    ]
    text = markdown(tmp_path, *facts, names=[f"r{run}" for run in range(20)])
    assert len(text.encode()) <= MAX_BYTES
    assert text.endswith("\n*The rest has no room here.*\n")


def test_the_command_prints_it(bare_environment, tmp_path, capsys):
    shown_log(tmp_path, *runs("accuracy"))
    url = f"sqlite:///{tmp_path}/log.db"
    code, out, _ = run_cli(capsys, "compare", "a", "b", "--log", url, "--markdown")
    assert (code, out.splitlines()[0]) == (0, "### hyperparameter C and the code differ")
    code, out, err = run_cli(capsys, "compare", "a", "b", "--log", url, "--markdown", "--json")
    assert (code, out) == (2, "")
    assert err.endswith("--json and --markdown exclude each other\n")
