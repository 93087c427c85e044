"""Whether the record is complete and untampered: digests, chains, seals, and what verifies them."""
