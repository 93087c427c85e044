"""The page of a dataset: what it holds now, and which versions are in doubt or retired."""

from training_events.pages.dataset_page import dataset_page
from training_events.pages.page import Asked

from tests.support.pages import html_of, shown_log, text_of

DATASET = "dataset/digits"
NOW = Asked()


def at(minute):
    return f"2026-11-22T15:{minute:02d}:00.000000Z"


def registered(minute, version, digest, size=7, **more):
    data = {"uri": "s3://b/d.npz", "version_id": version, "sha256": digest * 32, "bytes": size, **more}
    return (DATASET, "DatasetRegistered", at(minute), data)


LIFE = (registered(0, "v1", "a1", rows=10), registered(1, "v2", "b2", registered_by="ada"), registered(2, "v2", "c3"))


def versions_of(tmp_path, *facts, asked=NOW):
    page = dataset_page(shown_log(tmp_path, *facts), DATASET, asked)
    html = html_of(page)
    start = html.index('<section id="dataset_versions"')
    content = next(section.content for section in page.sections if section.name == "dataset_versions")
    return content, text_of(html[start : html.index("</section>", start)])


def test_it_tells_what_the_dataset_holds_now_and_every_version_the_newest_first(tmp_path):
    content, shown = versions_of(tmp_path, *LIFE)
    assert [it.stored.version_id for it in content.versions] == ["v2", "v1"]
    assert content.current == content.versions[0]
    assert "What it holds now s3://b/d.npz version v2" in shown
    assert "registered 2026-11-22 15:01:00 UTC by ada" in shown


def test_what_contradicts_a_version_is_told_beside_it(tmp_path):
    _, shown = versions_of(tmp_path, *LIFE)
    assert f"sha256 is also given as {'c3' * 32}" in shown


def test_of_a_past_time_it_is_what_it_held_then(tmp_path):
    _, shown = versions_of(tmp_path, *LIFE, asked=Asked(as_of=at(0)))
    assert "What it holds now s3://b/d.npz version v1" in shown
    assert "v2" not in shown


def test_a_retired_dataset_holds_nothing_now(tmp_path):
    content, shown = versions_of(tmp_path, *LIFE, (DATASET, "DatasetRetired", at(3), {}))
    assert content.current is None
    assert "What it holds now" not in shown
    assert "2026-11-22 15:03:00 UTC" in shown
