"""Statements about consent."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import Select, func, select, update
from sqlalchemy.dialects.postgresql import distinct_on

from shared.database import TenantSession
from subgraphs.users.models import Consent, ConsentDocument

Said: TypeAlias = tuple[Consent, ConsentDocument]


class ConsentStore:
    """Documents and consents of the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def lock_documents(self) -> None:
        """Let nobody else publish or retire documents until the transaction ends: versions follow each other."""
        key = func.hashtextextended(f"consent-documents:{self._session.caller.tenant_id}", 0)
        await self._session.execute(select(func.pg_advisory_xact_lock(key)))

    async def current(self) -> Sequence[ConsentDocument]:
        """The latest version of each document that is not retired, in the order of keys."""
        latest = _latest().subquery()
        chosen = select(ConsentDocument).join(latest, latest.c.id == ConsentDocument.id)
        chosen = chosen.where(ConsentDocument.retired_at.is_(None)).order_by(ConsentDocument.key)
        return (await self._session.scalars(chosen)).all()

    async def latest(self, key: str) -> ConsentDocument | None:
        chosen = select(ConsentDocument).where(ConsentDocument.key == key)
        return await self._session.scalar(chosen.order_by(ConsentDocument.version.desc()).limit(1))

    async def document(self, document_id: UUID) -> ConsentDocument | None:
        return await self._session.get(ConsentDocument, document_id)

    async def retire(self, key: str, now: datetime) -> None:
        chosen = update(ConsentDocument).where(ConsentDocument.key == key, ConsentDocument.retired_at.is_(None))
        await self._session.execute(chosen.values(retired_at=now))

    async def add(self, row: ConsentDocument | Consent) -> None:
        self._session.add(row)
        await self._session.flush()

    async def consent(self, consent_id: UUID) -> Said | None:
        chosen = select(Consent, ConsentDocument).join(ConsentDocument, ConsentDocument.id == Consent.document_id)
        found = (await self._session.execute(chosen.where(Consent.id == consent_id))).one_or_none()
        return (found[0], found[1]) if found else None

    async def of_users(self, user_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Said]]:
        """What each person has said last to each document, in the order of keys."""
        chosen = (
            select(Consent, ConsentDocument)
            .join(ConsentDocument, ConsentDocument.id == Consent.document_id)
            .where(Consent.user_id.in_(user_ids))
            .ext(distinct_on(Consent.user_id, ConsentDocument.key))
            .order_by(Consent.user_id, ConsentDocument.key, Consent.id.desc())
        )
        found: dict[UUID, list[Said]] = {}
        for consent, document in await self._session.execute(chosen):
            found.setdefault(consent.user_id, []).append((consent, document))
        return found


def _latest() -> Select[UUID]:
    chosen = select(ConsentDocument.id).ext(distinct_on(ConsentDocument.key))
    return chosen.order_by(ConsentDocument.key, ConsentDocument.version.desc())
