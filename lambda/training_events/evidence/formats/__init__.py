"""The facts of a file of evidence in formats that others' programs read: a bill of materials, a crate."""
