"""The curves of metrics: points as arrays, fewer of them where there are too many, as data for a chart and as a drawing."""
