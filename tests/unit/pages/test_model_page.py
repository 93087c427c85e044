"""The page of a model: what serves each stage is seen at first sight; what is in doubt of a version is told beside it."""

import pytest
from training_events.errors import NoSuchStream
from training_events.pages.model_page import model_page
from training_events.pages.page import Asked
from training_events.stores.event_log import AuditedEvent

from tests.support.pages import html_of, shown_log, text_of

MODEL, RUN = "model/digits", "run/digits-7"
NOW = Asked()


def at(minute):
    return f"2026-11-22T15:{minute:02d}:00.000000Z"


def registered(minute, version, **more):
    return (MODEL, "ModelRegistered", at(minute), {"version": version, "run": "digits-7", "registered_by": "ada", **more})


def promoted(minute, version, stage, by="ada"):
    return (MODEL, "ModelPromoted", at(minute), {"version": version, "stage": stage, "promoted_by": by})


def trained(type_, minute):
    return (RUN, type_, at(minute), {})


LIFE = (
    registered(0, 1, artifact={"uri": "s3://b/1.joblib", "version_id": "v1", "sha256": "ab" * 32, "bytes": 2_000_000}),
    promoted(1, 1, "production"),
    registered(2, 2),
    promoted(3, 2, "production", by="grace"),
    promoted(4, 1, "canary"),
    (MODEL, "ModelRetired", at(5), {"version": 1, "reason": "worse"}),
)


def section_of(tmp_path, name, *facts, asked=NOW):
    """The section as its content and as a reader sees it."""
    page = model_page(shown_log(tmp_path, *facts), MODEL, asked)
    html = html_of(page)
    start = html.index(f'<section id="{name}"')
    return next(section.content for section in page.sections if section.name == name), text_of(
        html[start : html.index("</section>", start)]
    )


def test_what_serves_each_stage_comes_first_with_since_when_by_whom_and_from_which_run(tmp_path):
    content, shown = section_of(tmp_path, "stages", *LIFE[:-1])
    assert [(it.stage, it.version) for it in content] == [("canary", "1"), ("production", "2")]
    assert "production version 2 since 2026-11-22 15:03:00 UTC , promoted by grace made by digits-7" in shown
    assert model_page(shown_log(tmp_path / "again", *LIFE), MODEL, NOW).sections[0].name == "stages"


def test_of_a_past_time_it_is_what_served_then(tmp_path):
    _, shown = section_of(tmp_path, "stages", *LIFE, asked=Asked(as_of=at(2)))
    assert "production version 1" in shown
    assert "version 2" not in shown
    _, shown = section_of(tmp_path / "before", "stages", *LIFE, asked=Asked(as_of=at(0)))
    assert shown == "Serving It serves no stage."


def test_each_version_has_its_run_its_file_and_where_it_stands(tmp_path):
    package = {
        "version": 2,
        "status": "Completed",
        "approval_status": "Approved",
        "life_cycle": {"stage": "Live", "status": "OK"},
    }
    content, shown = section_of(
        tmp_path, "versions", *LIFE, registered(6, 2), (MODEL, "ModelPackageStateChanged", at(7), package)
    )
    assert [it.name for it in content] == ["2", "1"], "the newest registration first"
    assert "registered 2 times" in shown
    assert "Approved package Completed Live, OK" in shown
    assert "retired 2026-11-22 15:05:00 UTC" in shown
    assert "s3://b/1.joblib version v1 sha256" in shown


def test_a_run_that_got_further_events_is_told_beside_the_version_that_pinned_it(tmp_path):
    start, end = trained("TrainingStarted", 0), trained("TrainingCompleted", 9)
    [event] = shown_log(tmp_path / "head", start).log.audit(RUN)
    assert isinstance(event, AuditedEvent)
    pinned = {"run_head": {"events": 1, "position": event.position, "digest": event.digest}}
    _, shown = section_of(tmp_path, "versions", start, registered(1, 1, **pinned), end)
    assert "the run got 1 more event(s) since: 1 TrainingCompleted" in shown
    wrong = {"run_head": {"events": 1, "position": event.position, "digest": "sha256:" + "0" * 64}}
    content, shown = section_of(tmp_path / "altered", "versions", start, registered(1, 1, **wrong))
    assert content[0].altered
    assert "the run was altered" in shown


def test_what_served_when_has_the_end_of_each_service_and_its_reason(tmp_path):
    content, shown = section_of(tmp_path, "services", *LIFE)
    assert [(it.stage, it.version, it.until) for it in content.newest] == [
        ("canary", "1", at(5)),
        ("production", "2", None),
        ("production", "1", at(3)),
    ]
    assert "production 2 2026-11-22 15:03:00 UTC serves grace" in shown
    assert "the next promotion" in shown
    assert "retirement: worse" in shown


def test_a_model_that_is_not_there_is_no_page(tmp_path):
    with pytest.raises(NoSuchStream, match="did you mean `model/digits`"):
        model_page(shown_log(tmp_path, *LIFE), "model/digit", NOW)


def test_a_logged_model_has_its_params_its_metrics_and_the_run_that_made_it(tmp_path):
    dataset = {"name": "test", "digest": "mlflow:8f2c41d9"}
    _, shown = section_of(
        tmp_path,
        "logged_model",
        (MODEL, "ModelLogged", at(0), {"name": "tree", "run": "run/digits-7", "params": {"depth": "3"}, "group": "sweep"}),
        (MODEL, "ModelMeasured", at(1), {"points": [{"name": "f1", "value": 0.5, "step": 2}], "dataset": dataset}),
        (MODEL, "ArtifactSaved", at(2), {"name": "MLmodel", "uri": "s3://b/MLmodel"}),
    )
    for told in ("ready", "tree", "run/digits-7", "sweep", "depth 3", "f1 0.5 @ 2 test", "MLmodel s3://b/MLmodel"):
        assert told in shown


def test_a_version_has_its_description_its_tags_and_whether_it_is_hidden(tmp_path):
    said = [
        (MODEL, "VersionDescribed", at(1), {"version": 1, "description": "warm start"}),
        (MODEL, "VersionTagged", at(2), {"version": 1, "tags": {"team": "vision"}}),
        (MODEL, "VersionHidden", at(3), {"version": 1}),
    ]
    _, shown = section_of(tmp_path, "versions", registered(0, 1), *said)
    for told in ("warm start", "team: vision", "hidden"):
        assert told in shown
