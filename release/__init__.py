"""For pipelines: packs an environment's Terraform into one archive that needs no Python, and lets Terraform validate it."""
