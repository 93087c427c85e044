"""Whatever an envelope holds, it is recorded and every reader reads it, or it is set aside with a documented reason.

`python -m tests.support.envelope_trial sqlite 50000` tries more of them.
"""

import pytest

from tests.support.envelope_trial import trial_on

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("first", range(0, 2000, 250))
def test_in_sqlite_every_envelope_is_recorded_and_read_or_set_aside(tmp_path, first):
    with trial_on("sqlite", tmp_path) as trial:
        trial.run(range(first, first + 250))
    assert trial.outcomes["recorded"] > 25, "most mutations would be tried on nothing"
    assert trial.outcomes.total() == 250


def test_in_dynamodb_every_envelope_is_recorded_and_read_or_set_aside(tmp_path):
    with trial_on("dynamodb", tmp_path) as trial:
        trial.run(range(100_000, 100_200))
    assert trial.outcomes["recorded"] > 25
    assert trial.outcomes.total() == 200
