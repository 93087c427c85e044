"""The page of a run: how it stands is seen at first sight, and whatever an event holds is text."""

import pytest
from training_events.errors import NoSuchStream
from training_events.pages.page import Asked
from training_events.pages.run_page import run_page

from tests.support.pages import html_of, shown_log, tags_of, text_of


def at(minute):
    return f"2026-11-22T15:{minute:02d}:00.000000Z"


NOW = Asked()


def points(*values, name="accuracy"):
    return {"points": [{"name": name, "value": value, "step": step} for step, value in enumerate(values)]}


START = ("run/digits-7", "TrainingStarted", at(0), {"model": "digits", "hyperparameters": {"C": 1.0}})
POINTS = ("run/digits-7", "MetricsRecorded", at(1), points(0.5, 0.9123, 0.8))
END = ("run/digits-7", "TrainingCompleted", at(12), {"artifact": None})


def page_of(tmp_path, *facts, asked=NOW):
    return run_page(shown_log(tmp_path, *facts), "run/digits-7", asked)


def test_it_says_how_the_run_ended_how_long_it_took_and_how_good_it_is(tmp_path):
    page = page_of(tmp_path, START, POINTS, END)
    shown = text_of(html_of(page))
    assert (page.title, page.kind, page.stream, page.live) == ("digits-7", "run", "run/digits-7", False)
    assert "completed took 12 min 0 s" in shown
    assert "accuracy 0.9123 highest, at step 1; last 0.8" in shown
    assert "Model digits Started 2026-11-22 15:00:00 UTC Ended 2026-11-22 15:12:00 UTC" in shown


def test_of_a_past_time_it_says_what_was_true_then(tmp_path):
    page = page_of(tmp_path, START, POINTS, END, asked=Asked(as_of=at(2)))
    shown = text_of(html_of(page))
    assert page.live
    assert "running for 2 min 0 s last event 1 min ago" in shown
    assert "Ended" not in shown


def test_the_error_of_a_failed_run_is_seen_at_first_sight_and_its_traceback_a_step_away(tmp_path):
    failed = {"error": "RuntimeError: out of memory\non device 0", "traceback": "Traceback:\n  line 7"}
    html = html_of(page_of(tmp_path, START, ("run/digits-7", "TrainingFailed", at(3), failed)))
    before_details = html.partition("<details")[0]
    assert "RuntimeError: out of memory" in before_details
    assert "line 7" not in before_details
    assert "Traceback:\n  line 7</pre>" in html


def test_a_stored_traceback_is_named_by_its_place(tmp_path):
    failed = {"error": None, "traceback": {"uri": "s3://bucket/traceback.txt", "sha256": "ab" * 32, "bytes": 2_000_000}}
    shown = text_of(html_of(page_of(tmp_path, START, ("run/digits-7", "TrainingFailed", at(3), failed))))
    assert "no error was recorded Traceback: s3://bucket/traceback.txt" in shown
    assert "2 MB" in shown


HOSTILE = "</script><img src=x onerror=alert(1)>\"'\u202e\x1b[31m"


def test_what_an_event_holds_is_never_markup(tmp_path):
    facts = [
        START,
        ("run/digits-7", "MetricsRecorded", at(1), points(0.5, name=HOSTILE)),
        ("run/digits-7", "Tagged", at(2), {"tags": {HOSTILE: HOSTILE, "group": HOSTILE}}),
        ("run/digits-7", "Described", at(3), {"name": HOSTILE, "description": HOSTILE}),
        ("run/digits-7", "Hidden", at(4), {"by": HOSTILE, "reason": HOSTILE}),
        ("run/digits-7", "TrainingFailed", at(5), {"error": HOSTILE, "traceback": HOSTILE}),
    ]
    html = html_of(page_of(tmp_path, *facts))
    plain = html_of(page_of(tmp_path / "plain", *[(s, t, a, _plain(data)) for s, t, a, data in facts]))
    assert [(tag, set(attributes)) for tag, attributes in tags_of(html)] == [
        (tag, set(attributes)) for tag, attributes in tags_of(plain)
    ]
    assert "\u202e" not in html
    assert "\x1b" not in html
    assert text_of(html).count(r"</script><img src=x onerror=alert(1)>") >= 8


def _plain(value):
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else "plain" if value == HOSTILE else value


def test_a_run_that_is_not_there_is_no_page(tmp_path):
    with pytest.raises(NoSuchStream, match="did you mean `run/digits-7`"):
        run_page(shown_log(tmp_path, START), "run/digits-77", Asked())


def test_no_style_and_no_handler_stands_in_a_tag(tmp_path):
    html = html_of(page_of(tmp_path, START, POINTS, END))
    assert not [name for _, attributes in tags_of(html) for name in attributes if name == "style" or name.startswith("on")]
