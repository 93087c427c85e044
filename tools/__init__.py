"""Commands that set this project up, and commands for its maintainers."""
