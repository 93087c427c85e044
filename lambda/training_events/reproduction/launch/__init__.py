"""A run done again on this machine: its code, packages and data in a clean folder, and its program in a process of its own."""
