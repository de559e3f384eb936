"""Where the client reads of an error, by its place in the merged data."""

import pytest
from graphql import GraphQLString

from router.execute.client_paths import client_path, sent_paths
from router.execute.json import JSONObject, PathKey
from router.plan.nodes import (
    Condition,
    Each,
    EntityGroup,
    Fetch,
    Key,
    OperationKind,
    ProjectedField,
    QueryPlan,
    Representation,
    RepresentationField,
)

FILM = frozenset({"Film"})
DATA: JSONObject = {
    "items": [
        {"__typename": "Film", "stars": None},
        {"__typename": "Book", "stars": None},
        {"stars": None},
        {"__typename": "Film", "size": {"unit": "min"}},
    ]
}
SIZE = RepresentationField("size", "size", (RepresentationField("unit", "unit", is_key=False),), is_key=False)
SENT_SIZE = Representation(frozenset({"Film"}), None, (RepresentationField("id", "id"), SIZE))
GROUP = EntityGroup(((Key("items"), Each()),), (SENT_SIZE,))
STARS_OF_FILMS = ProjectedField("rating", "stars", "stars", GraphQLString, on=FILM)
SIZE_OF_BOOKS = ProjectedField("size", "size", "size", GraphQLString, on=frozenset({"Book"}))
NAME = ProjectedField("name", "name", "name", GraphQLString, when=((Condition("with", value=True),),))
ITEMS = ProjectedField("items", "items", "items", GraphQLString, selections=(STARS_OF_FILMS, SIZE_OF_BOOKS, NAME))
PLAN = QueryPlan(
    OperationKind.QUERY, "Query", (Fetch(0, "a", OperationKind.QUERY, "{items}", entities=(GROUP,)),), (ITEMS,)
)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (["items", 0, "stars"], ["items", 0, "rating"]),
        (["items", 1, "stars"], None),
        (["items", 2, "stars"], ["items", 2, "rating"]),
        (["items", 0, "weight"], ["items", 0]),
        (["items", 0, "size", "unit"], ["items", 0]),
        (["items", 0, "size", "kind"], ["items", 0]),
        (["items", 1, "size", "kind"], ["items", 1, "size"]),
        (["items", 3, "size", "kind"], None),
        (["items", 0, "name"], None),
    ],
    ids=[
        "at the client's key",
        "nowhere, if it does not ask for that of such objects",
        "at its key, if nobody knows what the object is",
        "at the object, for what the plan alone needs",
        "at the object, for what is asked of other objects and needed of this one",
        "at the object, for what takes along what is needed of it",
        "at what the client asks for, of what it does not ask for below",
        "nowhere, if what is needed is there",
        "nowhere, if conditions leave it out",
    ],
)
def test_an_error_is_told(path: list[PathKey], shown: list[PathKey] | None) -> None:
    assert client_path(PLAN, path, DATA, {"with": False}, sent_paths(PLAN)) == shown
