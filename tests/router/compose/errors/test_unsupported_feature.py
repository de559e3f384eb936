"""UNSUPPORTED_FEATURE."""

from router.compose import Refused
from router.compose.contracts import Contract, apply_contract
from tests.router.compose import graphs
from tests.router.compose.graphs import codes

FEDERATION_1 = """
schema @core(feature: "https://specs.apollo.dev/core/v0.2") @core(feature: "https://specs.apollo.dev/join/v0.1") {
  query: Query
}
directive @core(feature: String!) repeatable on SCHEMA
type Query { a: Int }
"""


def test_a_supergraph_of_federation_1_has_no_contracts() -> None:
    found = apply_contract(FEDERATION_1, Contract(exclude=frozenset({"x"})))
    assert isinstance(found, Refused)
    assert [error.code for error in found.errors] == ["UNSUPPORTED_FEATURE"]


def test_a_subgraph_of_federation_1_links_by_link() -> None:
    assert codes(a=f"{graphs.FEDERATION_1}{FEDERATION_1}") == {"UNSUPPORTED_FEATURE"}
