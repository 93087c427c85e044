"""What sets this project up, and what its maintainers run once in a while."""
