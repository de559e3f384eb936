"""UNSUPPORTED_LINKED_FEATURE."""

import pytest

from router.supergraph import Supergraph, SupergraphError
from tests.router.compose.graphs import supergraph

JOIN = '@link(url: "https://specs.apollo.dev/join'
COMPOSED = supergraph(a="type Query { q: Int }")


@pytest.mark.parametrize("purpose", ["SECURITY", "EXECUTION"])
def test_a_supergraph_is_not_served_without_a_feature_that_it_needs(purpose: str) -> None:
    link = f'@link(url: "https://example.com/lock/v1.0", for: {purpose})'
    with pytest.raises(SupergraphError, match=f"needs .*lock/v1.0.* for {purpose}") as refused:
        Supergraph.from_sdl(COMPOSED.replace(JOIN, f"{link} {JOIN}"))
    assert refused.value.code == "UNSUPPORTED_LINKED_FEATURE"


def test_one_that_is_only_said_is_let_be() -> None:
    link = '@link(url: "https://example.com/note/v1.0")'
    assert list(Supergraph.from_sdl(COMPOSED.replace(JOIN, f"{link} {JOIN}")).types["Query"].fields) == ["q"]
