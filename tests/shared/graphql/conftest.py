"""A small library graph of books and authors, served by the kit."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import pytest
import strawberry
from aiodataloader import DataLoader

from shared.bearer import bearer_token
from shared.caller import Caller, TenantId, UserId
from shared.errors import NotFound, Refusal, Unauthenticated
from shared.graphql.app import SubgraphApp
from shared.graphql.connection import Connection, connect
from shared.graphql.context import BaseContext, contexts
from shared.graphql.entities import Reference
from shared.graphql.inputs import MutationInput
from shared.graphql.loaders import batched
from shared.graphql.pagination import Keyset
from shared.graphql.schema import FederationSchema
from shared.graphql.service import GraphQLService
from shared.graphql.user_errors import Refusals, UserError

READER = Caller(
    tenant_id=TenantId(UUID(int=1)), user_id=UserId(UUID(int=2)), role="LEARNER", scopes=frozenset(), session_id=None
)
TITLES = {number: f"Volume {number}" for number in range(1, 6)}
BY_NUMBER = Keyset(tuple[int])


@dataclass
class Shelf:
    """Where the books are; it remembers each batch that was read."""

    batches: list[list[int]] = field(default_factory=list)

    @asynccontextmanager
    async def read(self, caller: Caller) -> AsyncGenerator["Shelf"]:
        yield self

    async def titles(self, numbers: Sequence[int]) -> dict[int, str]:
        self.batches.append(list(numbers))
        return {number: TITLES[number] for number in numbers if number in TITLES}


@dataclass
class Loaders:
    title: DataLoader[int, str | None]


@dataclass
class Context(BaseContext[Loaders]):
    shelf: Shelf

    def make_loaders(self, caller: Caller) -> Loaders:
        return Loaders(title=batched(self.shelf, caller, Shelf.titles))


Info = strawberry.Info[Context, None]


@strawberry.federation.type(keys=["number"])
class Book:
    number: int
    title: str

    @classmethod
    async def resolve_references(cls, info: Info, references: list[Reference]) -> list["Book | None"]:
        numbers: list[int] = [reference["number"] for reference in references]
        if min(numbers) < 0:
            raise NotFound("There are no negative volumes")
        titles = await info.context.loaders.title.load_many(numbers)
        return [None if title is None else cls(number=n, title=title) for n, title in zip(numbers, titles, strict=True)]


@strawberry.federation.type(keys=["id"])
class Loan:
    id: UUID
    due_at: datetime = strawberry.federation.field(external=True)

    @strawberry.federation.field(requires=["dueAt"])
    def overdue(self) -> bool:
        return self.due_at < datetime(2026, 1, 1, tzinfo=UTC)


@strawberry.federation.type(keys=["name"])
class Author:
    name: str

    @classmethod
    async def resolve_reference(cls, _: Info, name: str) -> "Author | None":
        if name == "Broken":
            raise ZeroDivisionError("secret")
        return None if name == "Nobody" else cls(name=name)


@strawberry.input
class LendInput(MutationInput):
    number: int


@strawberry.type
class LendPayload:
    book: Book | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


class AlreadyLent(Refusal):
    code = "ALREADY_LENT"


@strawberry.type
class Query:
    @strawberry.field
    def hello(self) -> str:
        return "world"

    @strawberry.field
    def author(self) -> Author:
        return Author(name="Ada")

    @strawberry.field
    def loan(self) -> Loan | None:
        return None

    @strawberry.field
    def whoami(self, info: Info) -> str:
        return str(info.context.caller.user_id)

    @strawberry.field
    def broken(self) -> str | None:
        raise ZeroDivisionError("secret")

    @strawberry.field
    def books(self, first: int = 20, after: str | None = None) -> Connection[Book]:
        page = BY_NUMBER.page(first, after)
        start = page.after[0] if page.after else 0
        rows = [(number, title) for number, title in TITLES.items() if number > start][: page.limit]
        return connect(
            rows,
            page,
            node=lambda row: Book(number=row[0], title=row[1]),
            cursor=lambda row: BY_NUMBER.cursor((row[0],)),
        )


@strawberry.type
class Mutation:
    @strawberry.mutation(extensions=[Refusals(LendPayload)])
    async def lend(self, input: LendInput) -> LendPayload:
        if input.number == 1:
            raise AlreadyLent("The book is lent", path=("input", "number"))
        if input.number not in TITLES:
            raise NotFound("No such book")
        return LendPayload(book=Book(number=input.number, title=TITLES[input.number]))


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def titles(self, info: Info, number: int, times: int = 2) -> AsyncGenerator[str]:
        for _ in range(times):
            yield await info.context.loaders.title.load(number) or "?"

    @strawberry.subscription
    async def pages(self, info: Info) -> AsyncGenerator[int]:
        """Two pages from after the one that was read last."""
        read = int(info.context.goes_on_after or 0)
        for number in (read + 1, read + 2):
            info.context.cursor = str(number)
            yield number

    @strawberry.subscription
    async def forever(self) -> AsyncGenerator[int]:
        ENDED.clear()
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            ENDED.set()


ENDED = asyncio.Event()


class Tokens:
    """Knows one token."""

    async def presented(self, headers: Mapping[str, str]) -> str | None:
        """As access tokens are."""
        return bearer_token(headers)

    async def caller(self, token: str) -> Caller:
        if token != "reader":
            raise Unauthenticated("The token is not valid")
        return READER


@pytest.fixture
def shelf() -> Shelf:
    """The books, and the batches read so far."""
    return Shelf()


@pytest.fixture
def service(shelf: Shelf) -> GraphQLService:
    """The library's service."""
    schema = FederationSchema(query=Query, mutation=Mutation, subscription=Subscription, types=[Author, Loan])
    return GraphQLService(schema, context=contexts(Tokens(), lambda caller: Context(caller, shelf)))


@pytest.fixture
def library(service: GraphQLService) -> SubgraphApp:
    """The library as an application."""

    @asynccontextmanager
    async def lifespan() -> AsyncGenerator[None]:
        yield

    async def ready() -> None:
        return None

    return SubgraphApp("library", service, lifespan=lifespan, ready=ready)


@pytest.fixture
def reader() -> dict[str, str]:
    """The headers of a signed-in reader."""
    return {"Authorization": "Bearer reader"}
