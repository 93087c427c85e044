"""Runs the recipes that events ask for, as processes on this machine: a client's room above `training` and `recorder`."""
