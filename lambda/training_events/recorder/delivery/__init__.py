"""How recorded events get from a buffer to the bus, by way of a spool on disk."""
