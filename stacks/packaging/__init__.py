"""What the stack uploads, built: the package that Lambda runs and the client's wheel, the same bytes wherever they are built."""
