"""An existing store of MLflow into the log: its history with its own times, each fact once, however often it is imported."""
