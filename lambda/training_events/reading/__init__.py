"""The Python way to ask: lists, states at any time, events and proof, from the log and what is made from it."""
