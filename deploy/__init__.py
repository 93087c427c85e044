"""Commands that people run around a deploy: make the state bucket, confirm a destroy, add an environment."""
