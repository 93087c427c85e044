"""Datasets that something else describes, and pins: their digests and versions are taken as they are told there."""
