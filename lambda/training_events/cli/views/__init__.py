"""What `show` prints of each kind of stream: first what people look for, then the rest."""
