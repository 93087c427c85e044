"""Audits every locked package: known vulnerabilities and licences."""
