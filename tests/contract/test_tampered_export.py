"""Of what somebody does to a log on AWS, an export shows with seals and tree what `verify --all` finds in the tables."""

import pytest
from training_events.analytics.exported_tree import TreePlace

from tests.contract.test_tampered_tree import TAMPERINGS
from tests.older_logs.write import BUCKET
from tests.support.checked_exports import export_of, findings_in, run_tasks, sorted_rows, table
from tests.support.dynamodb import aws_in_this_process
from tests.support.tampered_tree_on_aws import TamperedAws

CASES = {
    (tampering.who, tampering.aws, name.startswith("tree:")): name
    for name, tampering in TAMPERINGS.items()
    if tampering.aws != "-"
}
"""One of each sort: of the tree or not, by whom, and found as what."""


@pytest.mark.parametrize("name", [*CASES.values(), "tree: an older checkpoint put as the newest"])
def test_an_export_shows_what_the_tables_show(tmp_path, monkeypatch, name):
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    with aws_in_this_process():
        store = TamperedAws()
        TAMPERINGS[name].do(store)
        expected = findings_in(store)
        export_of(store, tmp_path / "exports")
        run_tasks(tmp_path / "exports", tmp_path / "tables", seal_bucket=BUCKET, tree=TreePlace(BUCKET))
        assert sorted_rows(table(tmp_path / "tables", "findings")) == expected
