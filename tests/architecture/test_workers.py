"""Tests that share servers run in one process of several: else each process would start all of them."""

from typing import cast

import pytest

_GROUP = "one worker"


@pytest.mark.xdist_group(_GROUP)
def test_groups_are_heeded(request: pytest.FixtureRequest) -> None:
    if not getattr(request.config.option, "loadgroup", False):
        pytest.skip("tests run in one process, or are not grouped")
    # pytest-xdist tells its scheduler so; a pytest that it does not know loses that in silence
    item = cast("pytest.Item", request.node)  # pyright: ignore[reportUnknownMemberType]  # pytest leaves it open
    assert item.nodeid.endswith(f"@{_GROUP}")
