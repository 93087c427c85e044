"""What is declared: the Terraform resources of one environment, one construct a file."""

from stacks.bindings import register_without_init
from stacks.node import use_locked_node

# Before any module with a construct is imported: those import cdktf, and the bindings by name.
use_locked_node()
register_without_init()
