"""People who use the graph through a client that is not ours (gql over aiohttp and websockets)."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from gql import Client, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportQueryError
from gql.transport.websockets import WebsocketsTransport

from tests.journeys.platform import Platform
from tests.patience import PATIENCE_SECONDS

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a browser; `token` once they have signed in."""

    platform: Platform
    token: str | None = None

    async def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """The data of an answer without errors; raises `TransportQueryError` for one with errors."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        transport = AIOHTTPTransport(self.platform.url, headers=headers, timeout=PATIENCE_SECONDS)
        async with Client(transport=transport, fetch_schema_from_transport=False) as session:
            request = gql(document)
            request.variable_values = variables
            return await session.execute(request)

    async def do(self, document: str, **variables: Any) -> dict[str, Any]:
        """The payload of a mutation that is not refused."""
        (payload,) = (await self.ask(document, **variables)).values()
        assert payload["userErrors"] == []
        return payload

    async def codes(self, document: str, **variables: Any) -> list[str]:
        """The codes of the errors an operation is answered with."""
        try:
            await self.ask(document, **variables)
        except TransportQueryError as refused:
            return [error["extensions"]["code"] for error in refused.errors or []]
        return []

    @asynccontextmanager
    async def listening(self, document: str, **variables: Any) -> AsyncGenerator["asyncio.Queue[dict[str, Any]]"]:
        """What a subscription brings. It begins at some time after the server has acknowledged the connection."""
        heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        transport = WebsocketsTransport(
            self.platform.websocket_url, init_payload={"Authorization": f"Bearer {self.token}"}
        )
        async with Client(transport=transport, fetch_schema_from_transport=False) as session:

            async def listen() -> None:
                request = gql(document)
                request.variable_values = variables
                async for event in session.subscribe(request):
                    heard.put_nowait(event)

            listener = asyncio.create_task(listen())
            try:
                yield heard
            finally:
                listener.cancel()
                await asyncio.gather(listener, return_exceptions=True)


async def sign_up_tenant(platform: Platform, slug: str) -> Person:
    """A new tenant; its owner, signed in."""
    payload = await Person(platform).do(
        """mutation ($slug: String!, $email: String!, $password: String!) {
          signUpTenant(input: {
            name: $slug, slug: $slug, ownerName: "Olga", ownerEmail: $email, password: $password
          }) { tenant { id status } session { accessToken } userErrors { code message } }
        }""",
        slug=slug,
        email=f"owner@{slug}.example",
        password=PASSWORD,
    )
    assert payload["tenant"]["status"] == "ACTIVE"
    return Person(platform, payload["session"]["accessToken"])


async def sign_in(platform: Platform, slug: str, email: str) -> Person:
    payload = await Person(platform).do(
        """mutation ($tenant: String!, $email: String!, $password: String!) {
          signIn(input: {tenant: $tenant, email: $email, password: $password}) {
            session { accessToken } userErrors { code message }
          }
        }""",
        tenant=slug,
        email=email,
        password=PASSWORD,
    )
    return Person(platform, payload["session"]["accessToken"])


async def sign_up(platform: Platform, slug: str, name: str) -> Person:
    """A new learner of the tenant, signed in."""
    email = f"{name.lower()}@{slug}.example"
    payload = await Person(platform).do(
        """mutation ($tenant: String!, $email: String!, $name: String!, $password: String!) {
          signUp(input: {tenant: $tenant, email: $email, displayName: $name, password: $password}) {
            user { id } ready userErrors { code message }
          }
        }""",
        tenant=slug,
        email=email,
        name=name,
        password=PASSWORD,
    )
    assert payload["ready"]
    return await sign_in(platform, slug, email)


@dataclass(frozen=True, slots=True)
class PublishedCourse:
    """What an author made, by id."""

    course: str
    module: str
    lesson: str


async def publish_course(author: Person, slug: str) -> PublishedCourse:
    """A course with one lesson, published."""
    saved = await author.do(
        """mutation {
          saveLesson(input: {
            title: "Arrows and lists", estimatedDuration: 600, blocks: [{text: {markdown: "A vector is an arrow."}}]
          }) { lesson { id } userErrors { code message } }
        }"""
    )
    made = await author.do(
        """mutation ($slug: String!) {
          createCourse(input: {slug: $slug, title: "Linear algebra", summary: "By drawing."}) {
            course { id } userErrors { code message }
          }
        }""",
        slug=slug,
    )
    module = await author.do(
        """mutation ($course: ID!, $lesson: ID!) {
          upsertModule(input: {courseId: $course, title: "Vectors", itemIds: [$lesson]}) {
            module { id } userErrors { code message }
          }
        }""",
        course=made["course"]["id"],
        lesson=saved["lesson"]["id"],
    )
    await author.do(
        "mutation ($id: ID!) { publishCourse(input: {id: $id}) { course { status } userErrors { code message } } }",
        id=made["course"]["id"],
    )
    return PublishedCourse(made["course"]["id"], module["module"]["id"], saved["lesson"]["id"])


ENROLL = """mutation ($course: ID!) {
  enroll(input: {courseId: $course}) { enrollment { id } userErrors { code message } }
}"""


async def eventually(person: Person, document: str, expected: dict[str, Any], **variables: Any) -> None:
    """Ask until the answer is `expected`: what other subgraphs are told of, they know a moment later.

    Until then they may also answer with errors: a lesson whose release has not arrived is null where it must not be.
    """
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    answer: object = None
    while asyncio.get_running_loop().time() < deadline:
        try:
            answer = await person.ask(document, **variables)
        except TransportQueryError as refused:
            answer = refused.errors
        if answer == expected:
            return
        await asyncio.sleep(0.1)
    assert answer == expected


async def refused_at_last(person: Person, document: str, code: str) -> None:
    """Ask until the answer is a refusal with that code."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    codes: list[str] = []
    while asyncio.get_running_loop().time() < deadline:
        codes = await person.codes(document)
        if codes == [code]:
            return
        await asyncio.sleep(0.1)
    assert codes == [code]
