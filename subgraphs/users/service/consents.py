"""Asking people for their consent, and keeping what they have said.

What was said is kept as it was, with the version of the text that it was said to (GDPR, article 7); to take a consent
back is as easy as to give it, and only the person can do either.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from shared.database import TenantSession
from shared.errors import Forbidden, NotFound
from shared.events import record
from shared.idempotency import Attempt, once
from subgraphs.users.errors import ConsentOutdated, TooManyDocuments
from subgraphs.users.events import ConsentDocumentPublished, ConsentRecorded
from subgraphs.users.models import Consent, ConsentDocument
from subgraphs.users.store.consents import ConsentStore, Said

PUBLISHER: Final = "tenant:manage"
MAX_DOCUMENTS: Final = 50
LONGEST_TEXT: Final = 50_000


async def publish(
    session: TenantSession, attempt: Attempt, *, key: str, title: str, text: str, required: bool
) -> ConsentDocument:
    """Publish a document or, if it is there, its next version, which everybody is asked about anew.

    Raises:
        TooManyDocuments: the tenant has as many as it may have.
    """
    session.caller.require(PUBLISHER)

    async def perform() -> UUID:
        store = ConsentStore(session)
        await store.lock_documents()
        before = await store.latest(key)
        if (before is None or before.retired_at is not None) and len(await store.current()) >= MAX_DOCUMENTS:
            raise TooManyDocuments
        version = 1 if before is None else before.version + 1
        document = ConsentDocument(key=key, version=version, title=title, text=text, required=required)
        await store.add(document)
        _tell(session, document)
        return document.id

    return await _document(session, await once(session, attempt, perform))


async def retire(session: TenantSession, attempt: Attempt, key: str) -> ConsentDocument:
    """Ask nobody about a document any more; what was said stays. Retiring twice is the same as once.

    Raises:
        NotFound: there is no such document.
    """
    session.caller.require(PUBLISHER)

    async def perform() -> UUID:
        store = ConsentStore(session)
        await store.lock_documents()
        document = await store.latest(key)
        if document is None:
            raise NotFound("There is no such document")
        if document.retired_at is None:
            await store.retire(key, datetime.now(UTC))
            _tell(session, document)
        return document.id

    return await _document(session, await once(session, attempt, perform))


async def record_consent(session: TenantSession, attempt: Attempt, document_id: UUID, *, granted: bool) -> Said:
    """Keep what the caller says to a document: yes, or no, which takes an earlier yes back.

    Raises:
        Forbidden: somebody else, or a program, calls in the person's name.
        NotFound: there is no such document.
        ConsentOutdated: there is a later version, or nobody is asked any more; a consent is still taken back.
    """
    caller = session.caller
    user_id = caller.require_user()
    if caller.impersonator_id is not None or caller.client_id is not None:
        raise Forbidden("Only the person can consent")

    async def perform() -> UUID:
        store = ConsentStore(session)
        document = await store.document(document_id)
        if document is None:
            raise NotFound("There is no such document")
        latest = await store.latest(document.key)
        outdated = latest is None or latest.id != document_id or latest.retired_at is not None
        if granted and outdated:
            raise ConsentOutdated(path=("input", "documentId"))
        consent = Consent(user_id=user_id, document_id=document_id, granted=granted)
        await store.add(consent)
        said = ConsentRecorded(
            tenant_id=caller.tenant_id, user_id=user_id, document_id=document_id, granted=granted, actor_id=user_id
        )
        record(session, said)
        return consent.id

    said = await ConsentStore(session).consent(await once(session, attempt, perform))
    if said is None:
        raise NotFound
    return said


def missing(current: Sequence[ConsentDocument], said: Sequence[Said]) -> list[ConsentDocument]:
    """The documents that a person has not answered in their latest version, or must consent to and has not."""
    answers = {document.id: consent.granted for consent, document in said}
    return [one for one in current if one.id not in answers or (one.required and not answers[one.id])]


def _tell(session: TenantSession, document: ConsentDocument) -> None:
    caller = session.caller
    published = ConsentDocumentPublished(
        tenant_id=caller.tenant_id,
        document_id=document.id,
        key=document.key,
        version=document.version,
        retired=document.retired_at is not None,
        actor_id=caller.user_id,
    )
    record(session, published)


async def _document(session: TenantSession, document_id: UUID) -> ConsentDocument:
    document = await ConsentStore(session).document(document_id)
    if document is None:
        raise NotFound("There is no such document")
    return document
