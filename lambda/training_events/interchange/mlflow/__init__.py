"""MLflow's calls, answered by the log: its experiments are groups, its runs are runs, its models are models."""
