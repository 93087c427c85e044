"""Who takes a leaf for every event of the log into one tree, and publishes signed checkpoints of it (docs/design/tree.md)."""
