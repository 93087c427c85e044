"""Recording from training code, and nothing of it ever in the training's way."""
