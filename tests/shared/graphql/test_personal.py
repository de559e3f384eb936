"""Personal fields are for the person they are about, and for whoever may see others' data."""

from dataclasses import replace
from uuid import UUID

import pytest
import strawberry

from shared.caller import Caller, UserId
from shared.graphql.context import BaseContext
from shared.graphql.personal import Personal
from shared.graphql.schema import FederationSchema
from tests.shared.graphql.conftest import READER

PERSONAL = Personal("users:read", person=lambda person: person.number)


class Context(BaseContext[None]):
    def make_loaders(self, caller: Caller) -> None:
        """There are none."""


@strawberry.type
class Person:
    number: strawberry.Private[UUID]

    @strawberry.field(extensions=[PERSONAL])
    def email(self) -> str | None:
        return "ada@example.org"

    @strawberry.field(extensions=[PERSONAL])
    async def notes(self) -> str | None:
        return "left-handed"


@strawberry.type
class Query:
    @strawberry.field
    def person(self) -> Person:
        return Person(number=UUID(int=2))


@pytest.mark.parametrize(
    ("caller", "shown"),
    [
        (READER, True),
        (replace(READER, user_id=UserId(UUID(int=3)), scopes=frozenset({"users:read"})), True),
        (replace(READER, user_id=UUID(int=3)), False),
        (None, False),
    ],
    ids=["the person", "who may read people", "another", "nobody"],
)
async def test_a_personal_field_is_null_for_others(caller: Caller | None, shown: bool) -> None:  # noqa: FBT001 - a parameter
    result = await FederationSchema(Query).execute("{ person { email notes } }", context_value=Context(caller))
    expected = {"email": "ada@example.org", "notes": "left-handed"} if shown else {"email": None, "notes": None}
    assert (result.errors, result.data) == (None, {"person": expected})
