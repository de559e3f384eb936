"""What is told late of somebody who was erased, or merged into another, makes nothing of them again in any subgraph."""

from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any
from uuid import UUID

import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from shared.database import Sessions, unit_of_work
from shared.departures import depart, goes_on_as, is_here
from shared.ids import uuid7
from shared.permissions.feed import grant_tables
from shared.personal_data import USER_ERASED, USERS_MERGED
from shared.tenancy.names import PLACEHOLDER_SCHEMA
from shared.tenancy.registry import Registry
from subgraphs.analytics.models import Statement
from subgraphs.auth.models import Account, FederatedIdentity
from subgraphs.notifications.models import Mailbox, Notification
from subgraphs.users.consumers import admitting
from subgraphs.users.models import User
from tests.subgraphs.conftest import opened
from tests.tenants import Control, Tenant

_, assignments = grant_tables(sa.MetaData(schema=PLACEHOLDER_SCHEMA))


async def hear(sessions: Sessions, tenant: Tenant, topic: str, **payload: Any) -> None:
    """Handle an event as the consumer of the sessions' subgraph does; it was recorded a moment ago."""
    handler = import_module(f"subgraphs.{sessions.subgraph}.consumers").HANDLERS[topic]
    told = {"event_id": uuid7(), "tenant_id": tenant.id, "occurred_at": datetime.now(UTC), **payload}
    async with unit_of_work(sessions, tenant.caller()) as session:
        await handler.handle(session, msgspec.convert(msgspec.to_builtins(told), handler.payload))


async def gone(sessions: Sessions, tenant: Tenant, into_id: UUID | None = None) -> UUID:
    """Somebody whom the subgraph has heard to be erased or merged."""
    user_id = uuid7()
    told = {"request_id": uuid7(), "user_id": user_id}
    if into_id is None:
        await hear(sessions, tenant, USER_ERASED, **told)
    else:
        await hear(sessions, tenant, USERS_MERGED, into_id=into_id, **told)
    return user_id


async def rows(sessions: Sessions, tenant: Tenant, *columns: Any) -> list[tuple[Any, ...]]:
    """What there is."""
    async with sessions.read(tenant.caller()) as session:
        return [tuple(row) for row in await session.execute(sa.select(*columns).order_by(*columns))]


def assigned(user_id: UUID) -> dict[str, Any]:
    """What the auth subgraph tells of a role that somebody has."""
    place = {"place_kind": "TENANT", "place_id": uuid7(), "valid_to": None, "revoked": False}
    return {"assignment_id": uuid7(), "version": 1, "user_id": user_id, "role_id": uuid7(), **place}


async def test_nobody_gets_an_account_again_or_a_link_to_a_provider(control: Control, tenant: Tenant) -> None:
    async with opened(control, "auth", pool_size=2) as auth:
        for into_id in (None, uuid7()):
            ada = {"user_id": await gone(auth, tenant, into_id), "email": "ada@example.org", "role": "LEARNER"}
            await hear(auth, tenant, "users.user-signed-up.v1", sealed_password_hash="sealed", **ada)
            await hear(auth, tenant, "users.user-provisioned.v1", **ada)
            await hear(auth, tenant, "users.person-admitted.v1", provider_id=uuid7(), subject="ada", **ada)
        assert await rows(auth, tenant, Account.user_id) == []
        assert await rows(auth, tenant, FederatedIdentity.user_id) == []


async def test_what_was_learned_counts_for_whom_they_go_on_as_or_for_nobody_known(
    control: Control, tenant: Tenant
) -> None:
    async with opened(control, "analytics", pool_size=2) as analytics:
        again = uuid7()
        for ada in (await gone(analytics, tenant), await gone(analytics, tenant, again)):
            course = {"course_id": uuid7(), "enrollment_id": uuid7(), "user_id": ada}
            await hear(analytics, tenant, "courses.enrolled.v1", **course)
            await hear(analytics, tenant, "courses.progress-recorded.v1", item_id=uuid7(), progress=0.5, **course)
        assert await rows(analytics, tenant, Statement.actor_id) == [(again,), (again,), (None,), (None,)]


async def test_nothing_is_put_into_their_inbox_but_into_that_of_whom_they_go_on_as(
    control: Control, tenant: Tenant
) -> None:
    async with opened(control, "notifications", pool_size=2) as notifications:
        again = uuid7()
        for ada in (await gone(notifications, tenant), await gone(notifications, tenant, again)):
            course = {"course_id": uuid7(), "course_title": "Algebra", "user_id": ada}
            await hear(notifications, tenant, "courses.enrolled.v1", **course)
            warned = {"user_id": ada, "reason": "asked", "expires_at": datetime.now(UTC)}
            await hear(notifications, tenant, "auth.impersonation-started.v1", **warned)
        assert await rows(notifications, tenant, Notification.user_id, Notification.kind) == [(again, "ENROLLED")]
        assert await rows(notifications, tenant, Mailbox.user_id) == [(again,)]


@pytest.mark.parametrize("subgraph", ["courses", "analytics"])
async def test_they_are_given_no_role_again(control: Control, tenant: Tenant, subgraph: str) -> None:
    async with opened(control, subgraph, pool_size=2) as sessions:
        here = uuid7()
        for user_id in (await gone(sessions, tenant), await gone(sessions, tenant, here), here):
            await hear(sessions, tenant, "auth.role-assignment-changed.v1", **assigned(user_id))
        assert await rows(sessions, tenant, assignments.c.user_id) == [(here,)]


async def test_an_arrival_of_long_ago_adds_nobody(control: Control, tenant: Tenant) -> None:
    registry = Registry.create(control.login_url("users"))
    handler = admitting(registry)["auth.person-arrived.v1"]
    async with opened(control, "users", pool_size=2) as users:
        for name, age in (("late", timedelta(hours=2)), ("new", timedelta())):
            person = {"provider_id": uuid7(), "subject": name, "email": f"{name}@example.org", "display_name": name}
            arrived = handler.payload(occurred_at=datetime.now(UTC) - age, **person)
            async with unit_of_work(users, tenant.caller()) as session:
                await handler.handle(session, arrived)
        assert await rows(users, tenant, User.display_name) == [("new",)]
    await registry.aclose()


async def test_who_was_merged_twice_goes_on_as_the_last_until_that_one_is_erased(
    control: Control, tenant: Tenant
) -> None:
    ada, again, last = uuid7(), uuid7(), uuid7()
    async with opened(control, "courses", pool_size=2) as courses:
        seen: list[UUID | None] = []
        for user_id, into_id in ((ada, again), (again, last), (last, None)):
            async with unit_of_work(courses, tenant.caller()) as session:
                await depart(session, user_id, into_id)
                seen.append(await goes_on_as(session, ada))
        assert seen == [again, last, None]


async def test_nobody_goes_while_something_of_theirs_is_added(control: Control, tenant: Tenant) -> None:
    ada = uuid7()
    async with opened(control, "courses", pool_size=2) as courses, unit_of_work(courses, tenant.caller()) as adding:

        async def erase(user_id: UUID) -> None:
            async with unit_of_work(courses, tenant.caller()) as erasing:
                await erasing.execute(sa.text("SET LOCAL lock_timeout = '10ms'"))
                await depart(erasing, user_id)

        assert await is_here(adding, ada)
        await erase(uuid7())
        with pytest.raises(DBAPIError, match="lock timeout"):
            await erase(ada)
