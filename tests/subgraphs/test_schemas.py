"""What every subgraph's schema promises its readers and its neighbours."""

from collections.abc import Iterator

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
)

from shared.graphql.schema import FederationSchema
from subgraphs.auth.schema import build_schema as build_auth
from subgraphs.courses.schema import build_schema as build_courses
from subgraphs.users.schema import build_schema as build_users

SUBGRAPHS = {"auth": build_auth, "courses": build_courses, "users": build_users}
ROOTS = ("Query", "Mutation", "Subscription")


@pytest.fixture(params=SUBGRAPHS, scope="module")
def schema(request: pytest.FixtureRequest) -> GraphQLSchema:
    """A subgraph's schema as it is executed."""
    built: FederationSchema = SUBGRAPHS[request.param]()
    return built._schema  # pyright: ignore[reportPrivateUsage] - Strawberry shows it nowhere else


def own_types(schema: GraphQLSchema) -> Iterator[GraphQLNamedType]:
    """Types of ours: neither GraphQL's nor federation's."""
    yield from (type_ for name, type_ in schema.type_map.items() if "__" not in name and not name.startswith("_"))


def undescribed(type_: GraphQLNamedType) -> Iterator[str]:
    """What a reader has to guess: names without a description.

    The roots are known, a mutation's only argument is described by its type, and a type of another subgraph has its
    description, and its key's, there.
    """
    foreign = isinstance(type_, GraphQLObjectType) and type_.name in {"User", "Tenant"} and type_.description is None
    match type_:
        case GraphQLObjectType() | GraphQLInterfaceType():
            if not type_.description and type_.name not in ROOTS and not foreign:
                yield type_.name
            for name, field in type_.fields.items():
                if not field.description and not name.startswith("_") and not (foreign and name == "id"):
                    yield f"{type_.name}.{name}"
                if not name.startswith("_"):
                    arguments = (argument for argument in field.args.items() if argument[0] != "input")
                    yield from (f"{type_.name}.{name}({key})" for key, value in arguments if not value.description)
        case GraphQLInputObjectType():
            if not type_.description:
                yield type_.name
            yield from (f"{type_.name}.{name}" for name, field in type_.fields.items() if not field.description)
        case GraphQLEnumType() if not type_.description:
            yield type_.name
        case _:
            pass


class TestSchemas:
    def test_everything_is_described(self, schema: GraphQLSchema) -> None:
        assert [name for type_ in own_types(schema) for name in undescribed(type_)] == []

    def test_a_root_field_may_be_null(self, schema: GraphQLSchema) -> None:
        """A subgraph that is down costs its own fields, not the whole answer."""
        roots = [type_ for type_ in own_types(schema) if type_.name in ROOTS and isinstance(type_, GraphQLObjectType)]
        rigid = [
            f"{root.name}.{name}"
            for root in roots
            for name, field in root.fields.items()
            if not name.startswith("_") and isinstance(field.type, GraphQLNonNull)
        ]
        assert rigid == []
