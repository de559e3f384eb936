"""The notifications subgraph, running, and people who are told something."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, TypeAlias
from uuid import UUID

import pytest

from shared.caller import Caller
from shared.database import Sessions, unit_of_work
from shared.events import Hub
from shared.graphql.app import SubgraphApp
from shared.graphql.pagination import Keyset
from shared.ids import uuid7
from shared.tokens import TokenVerifier
from subgraphs.notifications.app import create
from subgraphs.notifications.models import NotificationKind
from subgraphs.notifications.service import channel_of
from subgraphs.notifications.settings import NotificationsSettings
from subgraphs.notifications.store import NotificationStore
from tests.subgraphs.conftest import Ask, SignIn, asking, opened, started
from tests.tenants import Control

Tell: TypeAlias = Callable[..., Awaitable[None]]
Listen: TypeAlias = Callable[..., AsyncGenerator[dict[str, Any]]]


@pytest.fixture
async def notifications(control: Control, verifier: TokenVerifier, hub: Hub) -> AsyncGenerator[SubgraphApp]:
    """The subgraph, started."""
    settings = NotificationsSettings(database_url=control.login_url("notifications"))
    async with started(create(settings, verifier=verifier, hub=hub)) as subgraph:
        yield subgraph


@pytest.fixture
async def sessions(control: Control) -> AsyncGenerator[Sessions]:
    """Sessions of the subgraph's login role."""
    async with opened(control, "notifications", pool_size=8) as sessions:
        yield sessions


@pytest.fixture
def ask(notifications: SubgraphApp, signed_in: SignIn) -> Ask:
    """Ask the subgraph, as the caller `by` or as nobody."""
    return asking(notifications, signed_in)


@pytest.fixture
def listen(notifications: SubgraphApp, signed_in: SignIn) -> Listen:
    """Listen as a caller: ``listen(by=ada, after=cursor)``."""

    def answers(*, by: Caller, after: str | None = None) -> AsyncGenerator[dict[str, Any]]:
        query = "subscription ($after: String) { notificationReceived(after: $after) { title cursor } }"
        return notifications.service.subscribe(query, {"after": after}, headers=signed_in(by))

    return answers


def cursor_at(person: Caller, number: int) -> str:
    """A cursor that says: behind notification `number` of this person, 0 being before the first."""
    return Keyset(tuple[UUID, int]).cursor((person.require_user(), number))


@pytest.fixture
def tell(sessions: Sessions, hub: Hub) -> Tell:
    """Tell somebody some things, one after the other, as the consumer does."""

    async def store(person: Caller, *titles: str, course_id: UUID | None = None) -> None:
        user_id = person.require_user()
        for title in titles:
            async with unit_of_work(sessions, person) as session:
                await NotificationStore(session, user_id).add(
                    event_id=uuid7(), kind=NotificationKind.ENROLLED, title=title, body="", course_id=course_id
                )
            await hub.publish(channel_of(person.tenant_id, user_id))

    return store
