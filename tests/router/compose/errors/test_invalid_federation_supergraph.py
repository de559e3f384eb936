"""INVALID_FEDERATION_SUPERGRAPH."""

import pytest

from router.compose import Refused
from router.compose.contracts import Contract, apply_contract
from router.supergraph import Supergraph, SupergraphError
from tests.router.compose.graphs import supergraph

TEXTS = [
    "type Query {",
    "type Query { a: Int }",
    supergraph(a="type Query { a: Int }").replace("enum join__Graph", "enum Graph").replace("join/v", "other/v"),
]


@pytest.mark.parametrize("text", TEXTS[:2])
def test_the_router_serves_supergraphs_only(text: str) -> None:
    with pytest.raises(SupergraphError) as refused:
        Supergraph.from_sdl(text)
    assert refused.value.code == "INVALID_FEDERATION_SUPERGRAPH"


@pytest.mark.parametrize("text", TEXTS)
def test_contracts_are_of_supergraphs_only(text: str) -> None:
    found = apply_contract(text, Contract())
    assert isinstance(found, Refused)
    assert [error.code for error in found.errors] == ["INVALID_FEDERATION_SUPERGRAPH"]


def test_versions_of_join_to_come_are_not_guessed_at() -> None:
    text = supergraph(a="type Query { a: Int }").replace("join/v0.5", "join/v0.9")
    with pytest.raises(SupergraphError, match=r"version v0\.9 of join; known are v0\.1") as refused:
        Supergraph.from_sdl(text)
    assert refused.value.code == "INVALID_FEDERATION_SUPERGRAPH"
