"""Text of a plan stays text: a Markdown parser finds it in code spans and nowhere else."""

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from review.document import MAX_BYTES
from review.markdown import code
from review.plan import read
from review.stack import Stack
from review.summary import summary

PARSER = MarkdownIt("commonmark").enable("table").enable("strikethrough")
MARK = "zqz"
ALLOWED_HTML = ("<details><summary><b>", "</details>")
"""The only HTML that a summary has."""

pieces = st.sampled_from(
    [
        *(
            "`",
            "``",
            "````",
            "|",
            "\n",
            "\r\n",
            "@",
            "<b>",
            "</details>",
            "<!--",
            "> ",
            "# ",
            "- ",
            "\\",
            "[x](http://y)",
            "![",
        ),
        *(
            "&lt;",
            "*",
            "__",
            "~~~",
            "---",
            " ",
            "\u202e",
            "\u2028",
            "\t",
            "\x00",
            "ä",
            "🔥",
            "$",
            "ab" * 200,
            "http://a.b",
            "==",
        ),
    ]
)
texts = st.lists(pieces, min_size=1, max_size=5).map(lambda parts: MARK + "".join(f"{part}{MARK}" for part in parts))
values = st.recursive(
    texts, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=4
)
policies = texts.map(
    lambda text: {"Statement": [{"Sid": text, "Effect": text, "Action": [text], "Condition": {text: {text: text}}}]}
)
objects = st.dictionaries(texts | st.just("name"), values | policies | policies.map(json.dumps), max_size=3)
actions = st.sampled_from([["create"], ["update"], ["delete"], ["delete", "create"], ["forget"], ["no-op"]])


@st.composite
def resources(draw: st.DrawFn) -> dict[str, Any]:
    change = {"actions": draw(actions), "before": draw(objects), "after": draw(objects), "replace_paths": [[draw(texts), 0]]}
    more = {"previous_address": draw(texts), "action_reason": draw(texts)} if draw(st.booleans()) else {}
    kind = draw(st.sampled_from(["aws_dynamodb_table", "aws_s3_bucket_policy"]) | texts)
    name = draw(st.sampled_from(["event_log_", "data_bucket_"])) + draw(texts)
    return {"address": draw(texts), "type": kind, "name": name, "change": change, **more}


@given(
    st.lists(resources(), min_size=1, max_size=4),
    st.lists(resources(), max_size=2),
    st.dictionaries(texts, values, max_size=2),
    texts,
)
def test_text_of_a_plan_stays_in_code_spans(planned: list[Any], drift: list[Any], outputs: dict[str, Any], name: str) -> None:
    content = {
        "format_version": "1.2",
        "resource_changes": planned,
        "resource_drift": drift,
        "output_changes": {key: {"actions": ["update"], "before": value, "after": key} for key, value in outputs.items()},
    }
    text = summary(read(json.dumps(content).encode(), "plan"), Stack(name, name, name))
    assert len(text.encode()) <= MAX_BYTES
    assert all(character.isprintable() or character == "\n" for character in text)
    seen = 0
    for token in PARSER.parse(text):
        if token.type == "html_block":
            assert token.content.startswith(ALLOWED_HTML)
        for inner in token.children or ():
            seen += MARK in inner.content
            assert inner.type in {"text", "code_inline", "strong_open", "strong_close", "em_open", "em_close", "softbreak"}
            assert inner.type == "code_inline" or MARK not in inner.content
        assert token.children is not None or MARK not in token.content
    assert seen


@example("  ")
@given(st.text(min_size=1, max_size=150))
def test_a_code_span_shows_the_text_unchanged(text: str) -> None:
    [paragraph] = [token for token in PARSER.parse(f"x {code(text)} y") if token.type == "inline"]
    [before, span, after] = paragraph.children or []
    assert (before.content, after.content) == ("x ", " y")
    assert span.type == "code_inline"
    if text.isprintable() and "(sensitive)" not in span.content:
        assert span.content == text
