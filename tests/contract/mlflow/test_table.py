"""The table of behaviours in the documents is that of the tests."""

import pytest

from tests.contract.mlflow.behaviours import SUBJECTS, behaviours, table, unlisted
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow  # it imports MLflow


def test_the_documents_have_each_behaviour_with_its_answer() -> None:
    text = (ROOT / "docs/reference/mlflow.md").read_text(encoding="utf-8")
    assert table() in text, "python -m tests.contract.mlflow.behaviours prints what belongs there"


def test_every_file_of_tests_has_a_subject() -> None:
    assert not unlisted()


def test_every_answer_that_is_no_yes_has_a_reason() -> None:
    noted = [behaviour for module in SUBJECTS for behaviour in behaviours(module)]
    assert len(noted) > 50
    assert all(bool(it.why) is (it.answer != "yes") for it in noted)
    assert len({it.text for it in noted}) == len(noted)
