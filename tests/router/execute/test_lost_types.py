"""An object whose type nobody could tell, because what failed was not allowed to be null."""

from typing import Any

import pytest
from graphql import GraphQLNonNull, GraphQLString, build_schema

from router.execute.budget import Budget
from router.execute.project import Projector
from router.plan.nodes import OperationKind, ProjectedField, QueryPlan

SCHEMA = build_schema("""
    type Query { item: Item }
    interface Item { id: ID! }
    type Film implements Item { id: ID! title: String! }
    type Book implements Item { id: ID! pages: Int }
""")
ID = ProjectedField("id", "id", "id", GraphQLNonNull(GraphQLString))
TITLE = ProjectedField("title", "title", "title", GraphQLNonNull(GraphQLString), on=frozenset({"Film"}))


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(
    ("path", "selections", "item"),
    [
        (["item", "title"], (ID, TITLE), None),
        (["item"], (ID, TITLE), {"id": "1"}),
        (["item", "title"], (ID,), {"id": "1"}),
    ],
    ids=["is null", "keeps what is known where a subgraph did not answer", "needs no type for what all types have"],
)
def test_it(path: list[str | int], selections: tuple[ProjectedField, ...], item: Any, *, compiled: bool) -> None:
    field_type: Any = SCHEMA.type_map["Query"].fields["item"].type  # pyright: ignore[reportAttributeAccessIssue,reportUnknownMemberType,reportUnknownVariableType]  # an object type
    field = ProjectedField("item", "item", "item", field_type, selections=selections)
    projector = Projector.of(QueryPlan(OperationKind.QUERY, "Query", (), (field,)), SCHEMA)
    if compiled:
        projector.compile()
    errors: list[dict[str, Any]] = [{"message": "", "path": path, "extensions": {}}]
    assert projector.project({"item": {"id": "1"}}, {}, errors, Budget()) == {"item": item}
