"""What looks like a credential: one place knows it, for all that is recorded and for the review of a plan."""
