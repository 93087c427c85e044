"""The pages, served on this machine to the person who asks: `training-events ui`. It reads, and changes nothing."""
