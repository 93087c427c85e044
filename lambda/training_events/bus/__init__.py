"""How an event travels over EventBridge: its envelope, the publisher, and how AWS's own events are translated."""
