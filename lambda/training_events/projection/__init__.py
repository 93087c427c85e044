"""States kept in step with the log: projected, rebuilt, caught up, and asked for as of a time."""
