"""What pages need beyond the library, and what they say where it is missing."""

import pytest
from training_events.errors import Misused
from training_events.pages.extra import missing_charts, require_extra


def test_a_missing_package_is_named_with_what_installs_it():
    require_extra("json")
    with pytest.raises(Misused, match=r"pages need no_such_one and no_other: pip install 'training-events\[ui\]'"):
        require_extra("json", "no_such_one", "no_other")


def test_a_package_that_was_built_without_what_draws_charts_says_so_in_a_line(tmp_path):
    note = missing_charts(tmp_path)
    assert note is not None
    assert "built without uPlot" in note
    assert len(note.splitlines()) == 1


def test_here_it_was_set_up():
    assert missing_charts() is None
