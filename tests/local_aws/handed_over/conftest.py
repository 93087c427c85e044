"""A release, applied once for all tests of this folder as a pipeline would apply it."""

import pytest

from tests.local_aws.handed_over.apply import HandedOver, applied_release
from tests.support.session import session_folder


@pytest.fixture(scope="session")
def handed_over(pytestconfig: pytest.Config) -> HandedOver:
    return applied_release(session_folder(pytestconfig))
