"""The run that a notebook records shows itself as the log has it, at any time."""

import pytest
from training_events import record_run

from tests.support.pages import text_of


@pytest.fixture(autouse=True)
def laptop(monkeypatch, tmp_path):
    for name in ("BUS", "LOG", "BUCKET", "RUN"):
        monkeypatch.delenv(f"TRAINING_EVENTS_{name}", raising=False)
    monkeypatch.setenv("TRAINING_EVENTS_SPOOL", str(tmp_path / "spool"))
    monkeypatch.chdir(tmp_path)


def shown(run):
    return text_of(run._repr_html_())


def test_it_is_shown_before_it_starts_while_it_runs_and_after_its_end():
    run = record_run(model="digits", run_id="digits-7", hyperparameters={"C": 1.5})
    assert "digits-7 · 0 events recorded" in shown(run)
    with run:
        run.metric("accuracy", 0.75, step=3)
        run.flush()
        assert "digits-7 · running · model digits" in shown(run)
    assert "digits-7 · completed" in shown(run)
    assert "accuracy 0.75 @ 3 0.75 @ 3 C = 1.5" in shown(run)


def test_where_the_log_cannot_be_read_it_says_so(monkeypatch):
    monkeypatch.setenv("TRAINING_EVENTS_LOG", "sqlite:///no/such/folder/log.db")
    run = record_run(run_id="digits-7")
    assert "digits-7 · 0 events recorded the log cannot be read from here: " in shown(run)
