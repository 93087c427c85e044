"""Builds what the stack uploads: the package that Lambda runs and the client's wheel, the same bytes everywhere."""
