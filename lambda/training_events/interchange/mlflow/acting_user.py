"""Whom an event names that a call of MLflow's records, where MLflow does not say who it is."""

from __future__ import annotations

import os

from training_events.recorder.pinning.user import logged_in

_SERVER = "_MLFLOW_SERVER_FILE_STORE"
"""MLflow sets it in the processes of its server (mlflow/server/constants.py; to import that is to import the server)."""


def acting_user() -> str | None:
    """The user that is logged in. In MLflow's server that is nobody: it acts for whoever called it."""
    return None if os.environ.get(_SERVER) else logged_in()
