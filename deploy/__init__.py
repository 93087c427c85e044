"""What a person runs around a deploy: the bucket of Terraform's state, the question before a destroy, a new environment."""
