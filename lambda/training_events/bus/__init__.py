"""How an event travels over EventBridge: its envelope, what publishes it, what is received."""
