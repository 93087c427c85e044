"""A lineage as a drawing, with a table of the same facts behind it."""
