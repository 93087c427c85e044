"""The log in the forms of other tools, and what other tools have as events."""
