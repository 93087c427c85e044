"""Every change to a dataset, a training run or a model as a recorded fact."""

__version__ = "0.1.0"
