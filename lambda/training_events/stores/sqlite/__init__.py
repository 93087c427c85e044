"""The stores on a laptop: one SQLite file."""
