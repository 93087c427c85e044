"""A report: pages in one self-contained file, which needs no network and no server."""
