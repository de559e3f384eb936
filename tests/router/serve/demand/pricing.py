"""Prices of schemas that state their costs, as composed from one subgraph."""

from dataclasses import replace
from typing import Any

from graphql import get_operation_ast, parse

from router.compose import Refused as CompositionRefused
from router.compose import Subgraph, compose
from router.execute import coerce_variables
from router.serve.demand.actual import Meter
from router.serve.demand.config import Demand
from router.serve.demand.estimate import Estimate
from router.serve.demand.prices import Prices
from router.supergraph import Supergraph
from router.supergraph.costs import read_costs

LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@cost", "@listSize", "@shareable"])'
)


def supergraph(*sdls: str, link: str = LINK) -> Supergraph:
    """The subgraphs, composed."""
    subgraphs = [Subgraph(f"s{number}", f"http://s{number}", f"{link}\n{sdl}") for number, sdl in enumerate(sdls)]
    composed = compose(subgraphs)
    assert not isinstance(composed, CompositionRefused), composed.errors
    return Supergraph.from_sdl(composed.supergraph_sdl)


def prices(*sdls: str, link: str = LINK, **demand: Any) -> Prices:
    """Prices that believe `@listSize` alone, and assume lists of one item, unless told otherwise."""
    graph = supergraph(*sdls, link=link)
    assumed = replace(Demand(list_size=1, slicing_arguments=()), **demand)
    return Prices(graph.api_schema, read_costs(graph.document), assumed)


def estimate(of: Prices, text: str, **variables: Any) -> float:
    """What an operation is estimated to cost."""
    document = parse(text)
    operation = get_operation_ast(document)
    assert operation is not None
    return Estimate(of, document, operation).of(coerce_variables(of.schema, operation, variables))


def actual(of: Prices, text: str, data: dict[str, Any] | None, **variables: Any) -> float:
    """What an answer to an operation has cost."""
    document = parse(text)
    operation = get_operation_ast(document)
    assert operation is not None
    return Meter.of(of, document, operation).measure(data, coerce_variables(of.schema, operation, variables))
