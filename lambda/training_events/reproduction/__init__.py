"""Doing a run again: what it pinned is brought back, run as a run of its own, and compared with it."""
