"""The Lambda functions: each decodes, makes one call into the domain, and answers with a typed result."""
