"""Evidence: one file that proves what the log holds of a model, a run or a dataset, for somebody without an account."""
