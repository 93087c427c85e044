"""Finds runs by what people write: `metrics.accuracy > 0.95 and params.alpha < 0.001`, sorted by what they name."""
