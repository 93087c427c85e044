"""What the tests of a run that is done again share: the wheels of the recorder's requirements, and a run to do again."""

import pytest

from tests.support.launches import Repository, write_wheels


@pytest.fixture(scope="session")
def wheels(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheels")
    write_wheels(folder)
    return folder


@pytest.fixture
def repository(tmp_path, wheels):
    return Repository(tmp_path, wheels)
