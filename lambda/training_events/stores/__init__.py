"""Where events and read models are kept: the protocols, and a folder for each kind of store."""
