"""A snapshot is whole once its summary is there. What readers see is whole at any moment."""

from training_events.analytics.places import place_at
from training_events.analytics.snapshots import (
    finish,
    remove_old,
    snapshot_folder,
    snapshot_name,
    summary_file,
    whole_snapshots,
)


def made(place, moment, *, whole=True):
    name = snapshot_name(moment)
    files = {f"{snapshot_folder('runs', name)}part-0.parquet"}
    for file in files:
        place.write(file, b"rows")
    if whole:
        finish(place, name, files, b"{}")
    return name


def test_a_snapshot_without_its_summary_is_not_whole(tmp_path):
    place = place_at(str(tmp_path))
    first = made(place, "2026-11-22T15:08:39.955123Z")
    made(place, "2026-11-23T15:08:39.955123Z", whole=False)
    assert whole_snapshots(place) == [first] == ["20261122T150839Z"]


def test_what_a_task_that_failed_has_left_is_not_in_the_snapshot(tmp_path):
    place = place_at(str(tmp_path))
    name = snapshot_name("2026-11-22T15:08:39.955123Z")
    mine, left = (f"{snapshot_folder('runs', name)}part-{number}.parquet" for number in (0, 1))
    for file in (mine, left):
        place.write(file, b"rows")
    finish(place, name, {mine}, b"{}")
    assert sorted(place.names("")) == sorted([summary_file(name), mine])


def test_the_two_newest_are_kept_and_what_killed_runs_have_left_for_a_day(tmp_path):
    place = place_at(str(tmp_path))
    made(place, "2026-11-20T15:00:00.000000Z", whole=False)
    kept = [made(place, f"2026-11-2{day}T15:00:00.000000Z") for day in (1, 2, 3)][1:]
    running = made(place, "2026-11-23T14:00:00.000000Z", whole=False)
    remove_old(place, "2026-11-23T15:00:00.000000Z")
    assert whole_snapshots(place) == kept
    assert {name.split("=")[-1].split("/")[0] for name in place.names("runs/")} == {*kept, running}
