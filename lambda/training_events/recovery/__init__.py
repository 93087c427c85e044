"""Getting back what did not arrive: undelivered events, redrive, replay, reconcile."""
