"""What is declared: the Terraform resources of one environment, one construct a file."""

from stacks.bindings import register_without_init

# Before any construct module of this package is imported, as they import the bindings by name.
register_without_init()
