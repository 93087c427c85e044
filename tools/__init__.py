"""Commands for a project's maintainers, each run once in a while by hand."""
