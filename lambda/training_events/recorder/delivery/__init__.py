"""How what training code records gets from a buffer to the bus, by way of a spool on disk."""
