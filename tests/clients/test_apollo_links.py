"""Apollo Client names documents by their hashes and sends several operations at once, with its own links."""

import pytest

from tests.clients.outcomes import run_clients

pytestmark = pytest.mark.xdist_group("clients")


async def test_apollos_links_find_what_they_expect() -> None:
    outcomes = await run_clients("apollo_links.mjs")
    assert outcomes == {
        "a document named by its hash": None,
        "a document named by its hash, by GET": None,
        "several operations in one request": None,
    }
