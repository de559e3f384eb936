"""What other subgraphs tell enters the audit by the bus."""

import msgspec
import sqlalchemy as sa

from shared.caller import service_caller
from shared.database import Sessions, unit_of_work
from shared.events import Event
from shared.ids import uuid7
from subgraphs.auth.consumers import HANDLERS
from subgraphs.auth.models import Account, AuditEvent
from subgraphs.courses.events import CoursePublished
from subgraphs.users.events import UserInvited, UserSignedUp
from tests.tenants import Tenant


async def told(sessions: Sessions, tenant: Tenant, event: Event) -> AuditEvent:
    """The entry for an event that the consumer has handled."""
    handler = HANDLERS[event.topic]
    async with unit_of_work(sessions, service_caller(tenant.id, "auth")) as session:
        await handler.handle(session, msgspec.json.decode(msgspec.json.encode(event), type=handler.payload))
    async with sessions.read(tenant.caller()) as session:
        return (await session.scalars(sa.select(AuditEvent))).one()


async def test_an_event_is_kept_with_its_subject_and_time(sessions: Sessions, tenant: Tenant) -> None:
    event = CoursePublished(tenant_id=tenant.id, course_id=uuid7(), title="Algebra", slug="algebra", item_ids=[])
    kept = await told(sessions, tenant, event)
    assert (kept.action, kept.occurred_at) == (event.topic, event.occurred_at)
    assert (kept.subject_type, kept.subject_id) == ("Course", str(event.course_id))
    assert (kept.actor_kind, kept.actor_id) == ("SERVICE", "courses")


async def test_what_is_done_with_it_anyway_is_done_in_the_same_transaction(sessions: Sessions, tenant: Tenant) -> None:
    event = UserSignedUp(
        tenant_id=tenant.id,
        user_id=uuid7(),
        email="ada@example.org",
        display_name="Ada",
        role="LEARNER",
        sealed_password_hash="sealed",
    )
    assert (await told(sessions, tenant, event)).subject_id == str(event.user_id)
    async with sessions.read(tenant.caller()) as session:
        assert await session.get(Account, event.user_id)


async def test_nothing_personal_is_kept(sessions: Sessions, tenant: Tenant) -> None:
    event = UserInvited(tenant_id=tenant.id, user_id=uuid7(), email="ada@example.org", role="LEARNER")
    kept = await told(sessions, tenant, event)
    assert not any("ada@" in str(getattr(kept, column.name)) for column in AuditEvent.__table__.columns)
