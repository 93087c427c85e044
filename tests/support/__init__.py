"""What several tests share: fakes, servers, generated histories, and what is read from the repository."""
