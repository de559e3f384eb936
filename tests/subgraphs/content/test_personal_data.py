"""What the content subgraph says when somebody asks what is held of them, or wants to be forgotten."""

import orjson

from shared.database import Sessions, unit_of_work
from shared.documents import documents_unit_of_work
from shared.events.documents import OutboxEntry
from shared.idempotency import Attempt
from shared.ids import uuid7
from shared.personal_data import EXPORT_REQUESTED, USER_ERASED, DataRequested
from subgraphs.content.consumers import handlers
from subgraphs.content.models import Claim
from subgraphs.content.store import ClaimStore
from tests.factories.content import Library
from tests.subgraphs.conftest import opened
from tests.tenants import Control


async def answer(library: Library, sessions: Sessions, topic: str, asked: DataRequested) -> list[tuple[str, object]]:
    """Handle a request; returns what was told, and the rows it says."""
    handler = handlers(library.documents, library.indexer)[topic]
    async with unit_of_work(sessions, library.tenant.caller()) as session:
        await handler.handle(session, asked)
    async with library.documents.read(library.tenant.caller()) as tenant:
        told = await tenant.of(OutboxEntry).find_all().to_list()
    return [(entry.topic, orjson.loads(entry.payload)["rows"]) for entry in told]


async def test_an_export_says_that_nothing_is_held(library: Library, control: Control) -> None:
    asked = DataRequested(tenant_id=library.tenant.id, request_id=uuid7(), user_id=uuid7())
    async with opened(control, "content", pool_size=1) as sessions:
        told = await answer(library, sessions, EXPORT_REQUESTED, asked)
    assert told == [("content.personal-data-exported.v1", [])]


async def test_an_erasure_forgets_the_persons_keys_and_nobody_elses(library: Library, control: Control) -> None:
    people = [library.tenant.caller() for _ in range(2)]
    for person in people:
        await documents_unit_of_work(
            library.documents,
            person,
            lambda tenant: ClaimStore(tenant).keep(Attempt("saveLesson", "k", {}), uuid7()),
        )
    asked = DataRequested(tenant_id=library.tenant.id, request_id=uuid7(), user_id=people[0].require_user())
    async with opened(control, "content", pool_size=1) as sessions:
        told = await answer(library, sessions, USER_ERASED, asked)
    async with library.documents.read(people[1]) as tenant:
        left = [claim.id for claim in await tenant.of(Claim).find_all().to_list()]
    assert told == [("content.personal-data-erased.v1", 1)]
    assert left == [f"{people[1].user_id}:saveLesson:k"]
