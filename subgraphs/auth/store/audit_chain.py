"""Statements about the whole chain of a tenant, by the platform's administrator: signing its heads, verifying it."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.caller import TenantId
from shared.tenancy.names import PLACEHOLDER_SCHEMA, tenant_schema
from subgraphs.auth.models.audit import AuditEvent, AuditHead, Entry

_AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Head:
    """An entry that was the last one when it was signed."""

    tenant_id: UUID
    seq: int
    hash: bytes
    signed_at: datetime
    signature: bytes


class AuditChain:
    """The chain of one tenant, over a connection of the administrator's to the subgraph's database."""

    def __init__(self, connection: AsyncConnection, tenant_id: TenantId) -> None:
        self._connection = connection
        self._tenant_id = tenant_id
        self._options = {"schema_translate_map": {PLACEHOLDER_SCHEMA: tenant_schema(tenant_id)}}

    async def last(self) -> tuple[int, bytes] | None:
        """Number and hash of the last entry; None if there is none, or if a head was signed for it already."""
        signed = select(AuditHead.seq).order_by(AuditHead.seq.desc()).limit(1)
        found = (await self._connection.execute(signed, execution_options=self._options)).scalar_one_or_none()
        last = select(AuditEvent.seq, AuditEvent.hash).order_by(AuditEvent.seq.desc()).limit(1)
        row = (await self._connection.execute(last, execution_options=self._options)).one_or_none()
        return None if row is None or row.seq == found else (row.seq, row.hash)

    async def add(self, head: Head) -> None:
        values = {"seq": head.seq, "hash": head.hash, "signed_at": head.signed_at, "signature": head.signature}
        await self._connection.execute(insert(AuditHead).values(values), execution_options=self._options)

    async def heads(self) -> Sequence[Head]:
        chosen = select(AuditHead.seq, AuditHead.hash, AuditHead.signed_at, AuditHead.signature)
        rows = await self._connection.execute(chosen.order_by(AuditHead.seq), execution_options=self._options)
        return [Head(self._tenant_id, *row) for row in rows]

    async def entries(self) -> AsyncGenerator[Entry]:
        """All of them, by their numbers, some at a time."""
        columns = [getattr(AuditEvent, name) for name in Entry._fields]
        after = 0
        while True:
            chosen = select(*columns).where(AuditEvent.seq > after).order_by(AuditEvent.seq).limit(_AT_ONCE)
            rows = (await self._connection.execute(chosen, execution_options=self._options)).all()
            for row in rows:
                yield Entry(*row)
            if len(rows) < _AT_ONCE:
                return
            after = rows[-1][0]
