"""Why there is no summary, each as one clear line."""


class ReviewError(Exception):
    """There is no plan, or none that can be judged.

    said: what Terraform itself printed of it, to be shown below the line.
    """

    def __init__(self, message: str, said: str = "") -> None:
        super().__init__(message)
        self.said = said
