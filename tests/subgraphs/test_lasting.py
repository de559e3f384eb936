"""What the tests of subgraphs share is shared indeed: it hangs on a name that pytest-asyncio may change."""

import pytest

from shared import database
from shared.engines import read_url
from tests.tenants import Control


@pytest.mark.usefixtures("lasting_engines")
async def test_a_test_is_given_engines_that_outlast_it(control: Control) -> None:
    """They are given in the event loop of all these tests alone, and so not at all if this one runs in another."""
    url = read_url(control.login_url("auth"))
    assert database.connect(url, pool_size=1) is database.connect(url, pool_size=1)
