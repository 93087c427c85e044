"""Pages that list: runs, models, datasets, and what serves each stage."""
