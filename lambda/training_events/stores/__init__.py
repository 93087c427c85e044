"""Where events and read models are kept: the protocols, and one room for each kind of store."""
