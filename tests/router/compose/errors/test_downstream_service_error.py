"""DOWNSTREAM_SERVICE_ERROR."""

import pytest

from router.compose.introspect import introspect
from router.compose.subgraph import RunningSubgraph
from router.federation.errors import FederationError


def test_a_subgraph_that_is_not_there_is_named() -> None:
    with pytest.raises(FederationError) as refused:
        introspect([RunningSubgraph("a", "http://a", "http://127.0.0.1:1/graphql")])
    (error,) = refused.value.errors
    assert (error.code, error.subgraph) == ("DOWNSTREAM_SERVICE_ERROR", "a")
    assert error.message.startswith("http://127.0.0.1:1/graphql cannot be reached: ")
