"""The commands of `training-events`, one a file."""
