"""HANDED TO PIPELINES: an environment's Terraform as one archive that needs no Python, and Terraform's own verdict on it."""
