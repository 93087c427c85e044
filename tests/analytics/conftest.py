from pathlib import Path

import pytest

from tests.support.spark import python_of_spark


@pytest.fixture(scope="session")
def spark_python() -> Path:
    """An interpreter with Spark 3.5."""
    return python_of_spark()
