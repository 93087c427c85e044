"""The log in the formats of other tools."""
