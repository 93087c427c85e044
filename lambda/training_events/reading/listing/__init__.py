"""Lists of runs, models and datasets, as people see them: what is left out, and which columns suit the rows."""
