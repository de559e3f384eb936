"""Arguments that come from contexts have the values of the object's own ancestors."""

from typing import Any

import pytest

from tests.router.harness import Federation, World

HEADER = """
extend schema @link(
  url: "https://specs.apollo.dev/federation/v2.8"
  import: ["@key", "@context", "@fromContext", "@shareable"]
)
"""
SHOP = f"""{HEADER}
type Query {{ shops: [Shop!]! market: Market sellers: [Seller!]! }}
type Shop @key(fields: "id") @context(name: "shop") {{
  id: ID! currency: String address: Address goods: [Good!]! branch: Shop
}}
type Address {{ city: String }}
union Seller @context(name: "seller") = Market | Stall
type Market @key(fields: "id") {{ id: ID! name: String! wares: [Ware!]! stalls: [Stall!]! }}
type Stall @key(fields: "id") {{ id: ID! label: String! wares: [Ware!]! }}
type Good @key(fields: "id") {{
  id: ID!
  price(in: String @fromContext(field: "$shop {{ currency }}"), exact: Boolean): String!
  city(of: String @fromContext(field: "$shop {{ address {{ city }} }}")): String
}}
type Ware @key(fields: "id") {{
  id: ID!
  sign(text: String @fromContext(field: "$seller ... on Market {{ name }} ... on Stall {{ label }}")): String
}}
"""
STOCK = f"""{HEADER}
type Good @key(fields: "id") {{ id: ID! count: Int! }}
type Shop @key(fields: "id") {{ id: ID! best: Good! shown: [Good!]! }}
"""


def _told(argument: str) -> Any:
    """A field that tells what it was given."""

    def tell(source: Any, **given: Any) -> str:
        exact = "!" if given.get("exact") else ""
        return f"{source['id']} {given[argument]}{exact}"

    return tell


def world() -> World:
    """Two shops that sell the same good in different currencies, a third without one; a market with stalls."""
    goods = [
        {
            "__typename": "Good",
            "id": f"g{n}",
            "count": n,
            "price": _told("in"),
            "city": _told("of"),
        }
        for n in range(3)
    ]
    shops: list[dict[str, Any]] = [
        {"__typename": "Shop", "id": "s0", "currency": "CHF", "goods": goods[:2], "address": {"city": "Bern"}},
        {"__typename": "Shop", "id": "s1", "currency": "EUR", "goods": goods[1:], "address": None},
        {"__typename": "Shop", "id": "s2", "currency": None, "goods": goods[:1], "address": {"city": None}},
    ]
    for shop in shops:
        shop |= {"best": goods[1], "shown": [goods[1]], "branch": None}
    shops[0]["branch"] = shops[1]
    wares = [{"__typename": "Ware", "id": f"w{n}", "sign": _told("text")} for n in range(2)]
    stalls = [{"__typename": "Stall", "id": f"st{n}", "label": f"L{n}", "wares": wares} for n in range(2)]
    market = {"__typename": "Market", "id": "m", "name": "M", "wares": wares[:1], "stalls": stalls}
    roots = {"shops": shops, "market": market, "sellers": [market, stalls[1]]}
    entities = {"Good": goods, "Shop": shops, "Market": [market], "Stall": stalls, "Ware": wares}
    return World({"Query": roots}, entities)


@pytest.fixture(scope="module")
def town() -> Federation:
    """The graph."""
    return Federation({"shop": SHOP, "stock": STOCK}, world())


async def answer(town: Federation, query: str, **variables: Any) -> Any:
    """The data, no errors expected."""
    response = await town.answer(query, variables)
    assert response.errors == []
    return response.data


async def test_one_object_below_two_ancestors_gets_the_value_of_each(town: Federation) -> None:
    data = await answer(town, "{ shops { goods { price } } }")
    prices = [[good["price"] for good in shop["goods"]] for shop in data["shops"]]
    assert prices == [["g0 CHF", "g1 CHF"], ["g1 EUR", "g2 EUR"], ["g0 None"]]
    assert town.requests == 2


async def test_a_null_on_the_way_to_the_value_is_null(town: Federation) -> None:
    data = await answer(town, "{ shops { goods { city } } }")
    assert [shop["goods"][0]["city"] for shop in data["shops"]] == ["g0 Bern", "g1 None", "g0 None"]


async def test_several_values_are_told_apart_together(town: Federation) -> None:
    data = await answer(town, "{ shops { goods { price(exact: true) city currency: id } currency: id } }")
    assert data["shops"][1] == {
        "goods": [
            {"price": "g1 EUR!", "city": "g1 None", "currency": "g1"},
            {"price": "g2 EUR!", "city": "g2 None", "currency": "g2"},
        ],
        "currency": "s1",
    }
    assert town.requests == 2


async def test_the_nearest_ancestor_counts(town: Federation) -> None:
    data = await answer(town, "{ shops { id branch { goods { price } } goods { price } } }")
    first = data["shops"][0]
    assert [good["price"] for good in first["goods"]] == ["g0 CHF", "g1 CHF"]
    assert [good["price"] for good in first["branch"]["goods"]] == ["g1 EUR", "g2 EUR"]


async def test_members_of_a_union_each_set_the_context(town: Federation) -> None:
    data = await answer(town, "{ market { wares { sign } stalls { wares { id sign } } } }")
    assert data["market"] == {
        "wares": [{"sign": "w0 M"}],
        "stalls": [
            {"wares": [{"id": f"w{ware}", "sign": f"w{ware} L{stall}"} for ware in range(2)]} for stall in range(2)
        ],
    }


async def test_a_value_of_the_union_is_an_ancestor_as_well(town: Federation) -> None:
    data = await answer(
        town, "{ sellers { ... on Market { wares { sign } } ... on Stall { name: label wares { sign } } } }"
    )
    assert data["sellers"] == [
        {"wares": [{"sign": "w0 M"}]},
        {"name": "L1", "wares": [{"sign": "w0 L1"}, {"sign": "w1 L1"}]},
    ]


async def test_what_another_subgraph_gave_once_for_several_places_has_each_place_s_value(town: Federation) -> None:
    data = await answer(town, "{ shops { best { price } shown { price count } branch { best { price } } } }")
    assert [shop["best"]["price"] for shop in data["shops"]] == ["g1 CHF", "g1 EUR", "g1 None"]
    assert [shop["shown"][0]["price"] for shop in data["shops"]] == ["g1 CHF", "g1 EUR", "g1 None"]
    assert data["shops"][0]["branch"]["best"] == {"price": "g1 EUR"}


async def test_a_condition_guards_the_value_and_the_field(town: Federation) -> None:
    query = "query ($with: Boolean!) { shops { id goods @include(if: $with) { price } } }"
    assert await answer(town, query, **{"with": False}) == {"shops": [{"id": f"s{n}"} for n in range(3)]}
    assert town.requests == 1
    data = await answer(town, query, **{"with": True})
    assert data["shops"][0]["goods"][0] == {"price": "g0 CHF"}


async def test_the_client_s_variables_are_not_taken_for_numbered_ones(town: Federation) -> None:
    query = "query ($_c0_1: Boolean, $representations_1: Boolean) { shops { goods { %s } } }"
    fields = "a: price(exact: $_c0_1) b: price(exact: $representations_1)"
    data = await answer(town, query % fields, _c0_1=True, representations_1=False)
    assert data["shops"][1]["goods"][0] == {"a": "g1 EUR!", "b": "g1 EUR"}


async def test_the_client_cannot_give_the_argument(town: Federation) -> None:
    arguments = town.supergraph.api_schema.type_map["Good"].fields["price"].args  # pyright: ignore[reportAttributeAccessIssue,reportUnknownMemberType,reportUnknownVariableType]  # an object type
    assert list(arguments) == ["exact"]  # pyright: ignore[reportUnknownArgumentType]


async def test_variables_go_only_with_what_uses_them(town: Federation) -> None:
    query = (
        "query ($on: Boolean!, $x: Boolean) { shops @include(if: $on) { goods { price(exact: $x) } } market { %s } }"
    )
    data = await answer(town, query % "wares { sign }", on=False, x=True)
    assert data == {"market": {"wares": [{"sign": "w0 M"}]}}


async def test_conditions_that_leave_out_a_value_leave_the_rest_of_the_object(town: Federation) -> None:
    query = "query ($on: Boolean!) { shops { goods { city @include(if: $on) price } } }"
    data = await answer(town, query, on=False)
    assert data["shops"][0]["goods"] == [{"price": "g0 CHF"}, {"price": "g1 CHF"}]
