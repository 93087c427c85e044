"""Sections of pages about one stream. Each has its template of the same name in `templates/sections/`."""
