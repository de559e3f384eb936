"""Personal fields are for the person they are about, and for whoever may see others' data."""

from dataclasses import replace
from uuid import UUID

import pytest
import strawberry

from shared.caller import Caller, UserId
from shared.graphql.context import BaseContext
from shared.graphql.personal import Personal
from shared.graphql.schema import FederationSchema
from shared.masking import hinted_address
from tests.shared.graphql.conftest import READER

PERSONAL = Personal("users:read", person=lambda person: person.number)
PARTLY = Personal(
    "users:read", person=lambda person: person.number, partly=hinted_address, partly_to=("roles:manage", "users:invite")
)


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

    @strawberry.field(extensions=[PARTLY])
    def address(self) -> str | None:
        return "ada@school.example"


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


@pytest.mark.parametrize(
    ("caller", "shown"),
    [
        (replace(READER, user_id=UserId(UUID(int=3)), scopes=frozenset({"users:invite"})), "a…@school.example"),
        (replace(READER, user_id=UserId(UUID(int=3)), scopes=frozenset({"users:read"})), "ada@school.example"),
        (replace(READER, scopes=frozenset({"users:invite"})), "ada@school.example"),
        (replace(READER, user_id=UserId(UUID(int=3)), scopes=frozenset({"learn"})), None),
        (
            replace(READER, user_id=UserId(UUID(int=3)), scopes=frozenset({"users:invite"}), client_id=UUID(int=9)),
            None,
        ),
    ],
    ids=["who invites", "who may read people", "the person", "another", "an app of somebody who invites"],
)
async def test_a_part_is_shown_to_who_has_to_tell_people_apart(caller: Caller, shown: str | None) -> None:
    result = await FederationSchema(Query).execute("{ person { address } }", context_value=Context(caller))
    assert (result.errors, result.data) == (None, {"person": {"address": shown}})


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("ada@x.example", "a…@x.example"),
        ("a@x.example", "…@x.example"),
        ('"a@b"@x.example', '"…@x.example'),
        (None, None),
    ],
)
def test_a_part_never_is_the_whole(address: str | None, shown: str | None) -> None:
    assert hinted_address(address) == shown
