"""Trainings that need torch, which `make setup` does not install: docs/operate/testing.md tells how to run them."""

from importlib.util import find_spec

NEEDED = ("torch", "lightning", "transformers", "accelerate")

collect_ignore_glob = [] if all(map(find_spec, NEEDED)) else ["test_*.py"]
