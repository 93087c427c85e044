"""Several runs side by side: what they were made from, and what came of it."""
