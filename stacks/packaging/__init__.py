"""Builds what the stack uploads, with the same bytes on every machine: the package that Lambda runs, and the client's wheel."""
