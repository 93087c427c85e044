"""Summarizes Terraform's plan in Markdown for the reviewer of a pull request.

It reads the output of `terraform show -json` and nothing of this project: it recognises resources by their Terraform type and
by the name that their construct gives them. So any pipeline can use it on any plan.
"""
