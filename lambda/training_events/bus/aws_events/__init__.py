"""Translates the events of AWS's own services into ours."""
