"""Whatever a table holds, an export of it is read as the stores read the table itself."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from training_events.analytics.dynamodb_export import ExportedItem, in_folder, read_file, read_manifest
from training_events.event import Event
from training_events.stores.dynamodb.item import from_item, to_item

from tests.support.dynamodb_exports import Change, exports_in
from tests.support.strategies import events, moments, text

leaves = st.one_of(
    st.builds(lambda value: {"S": value}, text),
    st.builds(lambda value: {"N": str(value)}, st.integers()),
    st.builds(lambda value: {"B": value}, st.binary(max_size=9)),
    st.builds(lambda value: {"BOOL": value}, st.booleans()),
    st.builds(lambda value: {"SS": value}, st.lists(text, min_size=1, max_size=2)),
    st.builds(lambda value: {"BS": value}, st.lists(st.binary(max_size=3), min_size=1, max_size=2)),
    st.just({"NULL": True}),
)
attributes = st.recursive(
    leaves,
    lambda inner: (
        st.builds(lambda value: {"L": value}, st.lists(inner, max_size=3))
        | st.builds(lambda value: {"M": value}, st.dictionaries(text, inner, max_size=3))
    ),
    max_leaves=8,
)
anything = st.dictionaries(text, attributes, max_size=4).map(
    lambda item: item | {"stream": {"S": "run/a"}, "position": {"S": "p"}}
)
images = st.tuples(st.none() | anything, st.none() | anything).filter(any)


def exported(folder: Path, manifest: str) -> list[ExportedItem]:
    export = read_manifest(in_folder(folder), manifest)
    return [item for file in export.files for item in read_file(in_folder(folder), file)]


@given(st.lists(anything, max_size=5), st.integers(1, 4), moments)
def test_items_of_any_kind(items: list[dict[str, Any]], files: int, to: str) -> None:
    with TemporaryDirectory() as folder:
        manifest = exports_in(Path(folder), files=files).full(items, to).manifest
        assert [item.new_image for item in exported(Path(folder), manifest)] == items


@given(st.lists(images, max_size=5), moments)
def test_changes_of_any_kind(changes: list[tuple[dict[str, Any] | None, dict[str, Any] | None]], written_at: str) -> None:
    with TemporaryDirectory() as folder:
        made = [Change(new, old, written_at) for new, old in changes]
        since, to = "2026-11-22T15:00:00.000000Z", "2026-11-22T16:00:00.000000Z"
        found = exported(Path(folder), exports_in(Path(folder)).incremental(made, since, to).manifest)
        assert [(item.new_image, item.old_image, item.written_at) for item in found] == [
            (*pair, written_at) for pair in changes
        ]


@given(st.lists(events(), max_size=3), moments)
def test_events_are_read_as_they_were_appended(appended: list[Event], recorded_at: str) -> None:
    with TemporaryDirectory() as folder:
        items = [to_item(event, recorded_at) for event in appended]
        found = exported(Path(folder), exports_in(Path(folder)).full(items, recorded_at).manifest)
        back = [from_item(item.new_image).event.digest for item in found if item.new_image is not None]
        assert sorted(back) == sorted(event.digest for event in appended)
