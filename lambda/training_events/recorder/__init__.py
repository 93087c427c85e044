"""Recording from training code, without ever getting in the way of the training."""
