"""Checkpoints, artifacts and datasets: hashed, uploaded, and named by version."""
