"""The store of graphql-gateways-benchmark: four subgraphs over one small data set, and two operations.

The schemas are those of the benchmark's subgraphs, without a root field that no operation uses. The data and the heavy
operation stand beside the repository.

Source: https://github.com/graphql-hive/graphql-gateways-benchmark
"""

import json
from collections.abc import Mapping
from typing import Any

from tests.conformance.composition.corpus import SHARED
from tests.router.harness import Record, Seen, World

FOLDER = SHARED / "store"
LIGHT = "{ topProducts { upc name } }"
_LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", '
    'import: ["@key", "@external", "@requires", "@provides", "@shareable"])\n'
)

SUBGRAPHS: Mapping[str, str] = {
    "accounts": _LINK
    + """
        type Query { me: User  users: [User] }
        type User @key(fields: "id") { id: ID!  name: String  username: String @shareable  birthday: Int }
    """,
    "inventory": _LINK
    + """
        type Product @key(fields: "upc") {
          upc: String!
          weight: Int @external
          price: Int @external
          inStock: Boolean
          shippingEstimate: Int @requires(fields: "price weight")
        }
    """,
    "products": _LINK
    + """
        type Query { topProducts(first: Int = 5): [Product] }
        type Product @key(fields: "upc") { upc: String!  name: String  price: Int  weight: Int }
    """,
    "reviews": _LINK
    + """
        type Review @key(fields: "id") {
          id: ID!
          body: String
          product: Product
          author: User @provides(fields: "username")
        }
        type User @key(fields: "id") { id: ID!  username: String @external  reviews: [Review] }
        type Product @key(fields: "upc") { upc: String!  reviews: [Review] }
    """,
}


def operations() -> dict[str, str]:
    """The operations by their names."""
    return {"heavy": (FOLDER / "heavy.graphql").read_text(), "light": LIGHT}


def world() -> World:
    """The data: every review is by the first user, and the first two reviews are everybody's."""
    data: dict[str, Any] = json.loads((FOLDER / "data.json").read_text())
    reviews: list[dict[str, Any]] = [{"__typename": "Review", **each} for each in data["reviews"]]
    users = [{"__typename": "User", **each, "reviews": reviews[:2]} for each in data["users"]]
    products: list[Record] = [
        {
            "__typename": "Product",
            **each,
            "inStock": data["inStock"][each["upc"]],
            "shippingEstimate": _shipping_estimate,
            "reviews": [review for review in reviews if review["product"] == each["upc"]],
        }
        for each in data["products"]
    ]
    by_upc = {each["upc"]: each for each in products}
    for review in reviews:
        review |= {"author": users[0], "product": by_upc[review["product"]]}
    query: dict[str, Any] = {
        "me": users[0],
        "users": users,
        "topProducts": lambda _, first: products[:first],  # pyright: ignore[reportUnknownLambdaType]  # as GraphQL gives it
    }
    return World({"Query": query}, {"User": users, "Product": products, "Review": reviews})


def _shipping_estimate(product: Seen) -> int | None:
    return 0 if product["price"] > 1000 else product["weight"] // 2
