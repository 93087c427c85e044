"""Runs as OpenLineage's run events. https://openlineage.io/docs/spec/object-model

The projector publishes them as runs go on, and `export --to openlineage` makes the same of a whole log.
"""
