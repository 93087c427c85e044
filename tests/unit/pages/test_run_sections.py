"""What a run was made from, what it saved, and its attempts, as its page shows them."""

import pytest
from hypothesis import given
from training_events.folds import empty, fold
from training_events.folds.run_state import RunState
from training_events.pages.page import Asked, Page
from training_events.pages.sections.attempts import attempts_section
from training_events.pages.sections.files import files_section
from training_events.pages.sections.inputs import inputs_section
from training_events.pages.stream_page import stream_page

from tests.support.histories import entry, histories
from tests.support.pages import html_of, shown_log, tags_of, text_of

SHA256 = "5e" * 32


def at(minute):
    return f"2026-11-22T15:{minute:02d}:00.000000Z"


def state_of(tmp_path, *facts):
    log = shown_log(tmp_path, *(("run/a", type_, at(minute), data) for minute, (type_, data) in enumerate(facts)))
    return fold(empty("run/a"), log.log.entries("run/a"))


def html(section):
    return html_of(Page("a", "run", [section]))


def test_the_spec_is_shown_whole_with_what_was_recorded_since(tmp_path):
    spec = {
        "code": {
            "repository": "https://host/r",
            "commit": "9a76a5d",
            "dirty": True,
            "diff": {"uri": "file:///kept.patch", "sha256": SHA256, "bytes": 428},
            "not_kept": {"keys.py": "a credential"},
        },
        "image": {"uri": "registry/image:3"},
        "entry_point": "train.py",
        "arguments": ["--name", "a b"],
        "hyperparameters": {"optimizer": {"lr": 0.1}},
        "seeds": 7,
        "datasets": {"train": {"uri": "s3://b/d", "version_id": "v1", "sha256": SHA256}},
        "packages": {"numpy": "2.1.3", "scipy": "1.14.1"},
        "environment": {"OMP_NUM_THREADS": "8"},
        "resumed_from": "run/b",
        "goals": {"score": "minimize"},
        "colour": "blue",
    }
    state = state_of(
        tmp_path,
        ("TrainingStarted", spec),
        ("HyperparametersRecorded", {"hyperparameters": {"batch": 32}}),
        ("DatasetUsed", {"dataset": "s3://b/test", "role": "test"}),
    )
    shown = text_of(html(inputs_section(state)))
    for words in (
        "batch 32",
        "optimizer.lr 0.1",
        "repository https://host/r",
        "commit 9a76a5d",
        "the commit lacks a part of what ran",
        "file:///kept.patch",
        "428 B",
        "keys.py a credential",
        "image uri registry/image:3",
        "entry point train.py",
        "arguments --name 'a b'",
        "resumed from run/b",
        "Seeds seed 7",
        "score minimize",
        "colour blue",
        "train s3://b/d version v1",
        "test s3://b/test",
        "1 variable OMP_NUM_THREADS 8",
        "2 packages numpy 2.1.3 scipy 1.14.1",
    ):
        assert words in shown, words


def test_packages_that_are_stored_elsewhere_are_named_by_their_place(tmp_path):
    state = state_of(tmp_path, ("TrainingStarted", {"packages": {"uri": "s3://b/packages.json", "sha256": SHA256, "bytes": 9}}))
    shown = text_of(html(inputs_section(state)))
    assert "packages s3://b/packages.json" in shown


@pytest.mark.parametrize(
    ("url", "links"), [("https://host/r", ["https://host/r"]), ("javascript:alert(1)", []), ("git@host:r", [])]
)
def test_only_the_web_address_of_a_repository_is_a_link(tmp_path, url, links):
    page = html(inputs_section(state_of(tmp_path, ("TrainingStarted", {"code": {"repository": url}}))))
    found = [attributes["href"] for tag, attributes in tags_of(page) if tag == "a" and not attributes["href"].startswith("#")]
    assert found == links
    assert url in text_of(page)


def test_the_newest_checkpoints_come_first_and_the_earlier_ones_a_step_away(tmp_path):
    saved = [("CheckpointSaved", {"uri": f"s3://b/{step}", "step": step}) for step in range(1, 13)]
    page = html(files_section(state_of(tmp_path, *saved, ("ArtifactSaved", {"name": "plot", "uri": "s3://b/plot"}))))
    before, _, after = page.partition("<details>")
    assert [f"s3://b/{step}<" in before for step in (12, 3, 2)] == [True, True, False]
    assert "2 earlier ones" in after
    assert "newest first name file saved plot" in text_of(page)


def test_of_more_files_than_a_state_keeps_it_says_how_many_there_are(tmp_path):
    state = RunState(
        "run/a", checkpoints=state_of(tmp_path, ("CheckpointSaved", {"step": 1})).checkpoints, checkpoints_saved=250
    )
    assert "Checkpoints 250, of which these are the newest 1" in text_of(html(files_section(state)))


def test_an_attempt_that_was_superseded_is_pale_and_the_next_one_tells_what_differs(tmp_path):
    state = state_of(
        tmp_path,
        ("TrainingStarted", {"hyperparameters": {"lr": 0.1}}),
        ("MetricsRecorded", {"points": [{"name": "loss", "value": 1, "step": 3}]}),
        ("TrainingStarted", {"hyperparameters": {"lr": 0.2}}),
    )
    page = html(attempts_section(state))
    shown = text_of(page)
    assert "Attempt 2 running" in shown
    assert "hyperparameters.lr : 0.1 → 0.2" in shown
    assert "Attempt 1 superseded" in shown
    classes = [attributes.get("class", "") for tag, attributes in tags_of(page) if tag == "li"]
    assert [name for name in classes if name.startswith("attempt")] == ["attempt", "attempt pale"]


def test_what_is_not_there_is_told(tmp_path):
    state = state_of(tmp_path, ("TrainingRequested", {}))
    sections = (inputs_section(state), files_section(state), attempts_section(state))
    told = text_of(" ".join(map(html, sections)))
    assert "Nothing was recorded of what this run was made from." in told
    assert "No checkpoint and no artifact was saved." in told
    assert "No start of the training was recorded." in told


@given(events=histories())
def test_whatever_a_log_holds_has_its_sections(events):
    for stream in {event.stream for event in events if event.stream.startswith("run/")}:
        of_stream = sorted((event for event in events if event.stream == stream), key=lambda event: event.position)
        state = fold(empty(stream), map(entry, of_stream))
        assert isinstance(state, RunState)
        for make in (inputs_section, files_section, attempts_section):
            html(make(state))


@pytest.mark.parametrize("stream", ["model/m", "dataset/d"])
def test_each_kind_of_stream_has_its_page(tmp_path, stream):
    types = {"model/m": ("ModelRegistered", {"version": "1"}), "dataset/d": ("DatasetRegistered", {"uri": "s3://b/d"})}
    type_, data = types[stream]
    page = stream_page(shown_log(tmp_path, (stream, type_, at(0), data)), stream, Asked())
    assert (page.kind, page.title, page.stream) == (*stream.split("/"), stream)
    assert "active" in text_of(html_of(page))
