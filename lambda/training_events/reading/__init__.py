"""The Python way to ask: lists, states at any time, points, comparisons and lineage, from the log and what is made from it."""
