"""Platforms that run for as long as journeys do."""

from collections.abc import Generator

import pytest

from tests.journeys.platform import Platform, running


@pytest.fixture(scope="session")
def one(tmp_path_factory: pytest.TempPathFactory) -> Generator[Platform]:
    """The platform with the subgraphs in the router's process."""
    with running(tmp_path_factory.mktemp("journeys-one") / "data", "--no-demo") as up:
        yield up


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> Generator[Platform]:
    """The platform with each subgraph in a process of its own."""
    with running(tmp_path_factory.mktemp("journeys-many") / "data", "--processes", "many", "--no-demo") as up:
        yield up


@pytest.fixture(params=["one", "many"])
def platform(request: pytest.FixtureRequest) -> Platform:
    """Either of them; both stay up, since tests come in any order and a start takes long."""
    return request.getfixturevalue(request.param)
