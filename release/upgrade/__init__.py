"""What a deploy of this version would change in what an earlier one has deployed: told before it, from what both declare."""
