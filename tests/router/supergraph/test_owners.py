"""Supergraphs of the first version of join: what subgraphs know of fields that others own."""

import pytest
from graphql import parse

from router.plan import Planner
from router.plan.printer import print_plan
from router.supergraph import Supergraph

SDL = """
schema @core(feature: "https://specs.apollo.dev/core/v0.1") @core(feature: "https://specs.apollo.dev/join/v0.1") {
  query: Query
}
enum join__Graph {
  CREW @join__graph(name: "crew" url: "")
  SHIPS @join__graph(name: "ships" url: "")
  PORTS @join__graph(name: "ports" url: "")
}
type Query {
  berths: [Berth!] @join__field(graph: PORTS)
  captain: Sailor @join__field(graph: CREW)
}
interface Vessel { hull: ID! name: String crew: [Sailor!] }
type Ferry implements Vessel
  @join__owner(graph: SHIPS) @join__type(graph: SHIPS, key: "hull")
  @join__type(graph: PORTS, key: "hull") @join__type(graph: CREW, key: "hull")
{
  hull: ID! @join__field(graph: SHIPS)
  name: String @join__field(graph: SHIPS)
  flag: String
  crew: [Sailor!] @join__field(graph: CREW, requires: "name")
}
type Tug implements Vessel
  @join__owner(graph: SHIPS) @join__type(graph: SHIPS, key: "hull") @join__type(graph: PORTS, key: "hull")
{
  hull: ID! @join__field(graph: SHIPS)
  name: String @join__field(graph: SHIPS)
  crew: [Sailor!] @join__field(graph: SHIPS)
}
type Sailor
  @join__owner(graph: CREW)
  @join__type(graph: CREW, key: "card { number }")
  @join__type(graph: SHIPS, key: "card { number }")
{
  card: Card @join__field(graph: CREW)
  rank: String
  ship: Ferry @join__field(graph: SHIPS)
}
type Card { number: Int }
type Berth { number: Int vessel: Vessel @join__field(graph: PORTS, provides: "... on Tug { name }") }
"""


@pytest.mark.parametrize(
    ("operation", "plan"),
    [
        (
            "{ berths { vessel { hull } } }",
            "Fetch(ports) { berths { vessel { __typename hull } } }\n",
        ),
        (
            "{ berths { vessel { ... on Tug { name } } } }",
            "Fetch(ports) { berths { vessel { __typename ... on Tug { name } } } }\n",
        ),
        (
            "{ captain { ship { flag } } }",
            """Sequence
  Fetch(crew) { captain { __typename card { number } } }
  Flatten(captain)
    Fetch(ships) { ... on Sailor { card { number } } } => { ... on Sailor { ship { flag } } }
""",
        ),
    ],
)
def test_fields_of_keys_and_provided_ones_are_known_to_subgraphs_that_do_not_own_them(
    operation: str, plan: str
) -> None:
    assert print_plan(Planner(Supergraph.from_sdl(SDL)).plan(parse(operation), None)) == plan


def test_keys_lead_to_the_owner_and_to_those_who_add_fields() -> None:
    plan = Planner(Supergraph.from_sdl(SDL)).plan(parse("{ berths { vessel { crew { rank } } } }"), None)
    assert {each.subgraph for each in plan.fetches} == {"ports", "ships", "crew"}


def test_only_what_is_said_to_be_known_is_joined() -> None:
    ferry = Supergraph.from_sdl(SDL).types["Ferry"].fields
    assert set(ferry["hull"].joins) == {"ships", "ports", "crew"}
    assert set(ferry["name"].joins) == {"ships"}
