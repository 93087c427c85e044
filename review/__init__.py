"""Terraform's plan as a short Markdown summary for the reviewer of a pull request.

It reads `terraform show -json` and nothing of this project: things are recognised by their Terraform type and the name that
their construct gives them, so that any pipeline can use it on any plan.
"""
