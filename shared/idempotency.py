"""Mutations sent twice: the second answers with what the first did.

A client that is not sure whether its mutation arrived repeats it with the same ``idempotencyKey``. The key is claimed
in the mutation's own transaction, so it is kept exactly if the mutation was.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from shared import checks
from shared.database import TenantSession
from shared.errors import BadUserInput, Conflict
from shared.tenancy.names import PLACEHOLDER_SCHEMA

NOBODY: Final = UUID(int=0)
"""Owner of the keys of anonymous callers."""
MAX_KEY_LENGTH: Final = 200
RETENTION: Final = timedelta(days=7)
"""How long a key is kept. Who repeats a mutation later than that means it anew."""


class IdempotencyKeyReused(Conflict):
    code = "IDEMPOTENCY_KEY_REUSED"
    default_message = "This idempotencyKey was used for a different input"


def idempotency_table(metadata: sa.MetaData) -> sa.Table:
    """The table of claimed keys; every subgraph's metadata holds one."""
    return sa.Table(
        "idempotency",
        metadata,
        sa.Column("user_id", sa.Uuid, primary_key=True),
        sa.Column("operation", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("result_id", sa.Uuid),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )


_claims = idempotency_table(sa.MetaData(schema=PLACEHOLDER_SCHEMA))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sending of a mutation."""

    operation: str
    key: str | None
    input: Any
    """What must be the same in a repetition, as plain JSON values. Leave passwords out: this is hashed without salt."""

    def __post_init__(self) -> None:
        """Refuse a key that cannot be kept."""
        if self.key is None:
            return
        if not 0 < len(self.key) <= MAX_KEY_LENGTH:
            raise BadUserInput(f"`idempotencyKey` must have 1 to {MAX_KEY_LENGTH} characters", field="idempotencyKey")
        if checks.lookup(self.key) is None:
            raise BadUserInput("`idempotencyKey` must not have the character NUL", field="idempotencyKey")

    def fingerprint(self) -> bytes:
        return hashlib.sha256(orjson.dumps(self.input, option=orjson.OPT_SORT_KEYS)).digest()


async def once(session: TenantSession, attempt: Attempt, perform: Callable[[], Awaitable[UUID]]) -> UUID:
    """Run `perform` and keep the id it returns, or return the id kept by an earlier attempt.

    Two attempts at the same time are put in a row: the later waits for the earlier's transaction to end.

    Raises:
        IdempotencyKeyReused: the key was kept for another input.
    """
    if attempt.key is None:
        return await _done(session, attempt, perform)
    owner = session.caller.user_id or NOBODY
    if not await _claim(session, owner, attempt):
        return await _recall(session, owner, attempt)
    result_id = await _done(session, attempt, perform)
    await session.execute(sa.update(_claims).where(_is(owner, attempt)).values(result_id=result_id))
    return result_id


async def _done(session: TenantSession, attempt: Attempt, perform: Callable[[], Awaitable[UUID]]) -> UUID:
    result_id = await perform()
    session.performed(attempt.operation, result_id)
    return result_id


async def forget_old(session: TenantSession) -> int:
    """Drop the keys older than `RETENTION`; returns how many."""
    old = sa.delete(_claims).where(_claims.c.created_at < datetime.now(UTC) - RETENTION)
    return cast("sa.CursorResult[Any]", await session.execute(old)).rowcount


def _is(owner: UUID, attempt: Attempt) -> sa.ColumnElement[bool]:
    return sa.and_(_claims.c.user_id == owner, _claims.c.operation == attempt.operation, _claims.c.key == attempt.key)


async def _claim(session: TenantSession, owner: UUID, attempt: Attempt) -> bool:
    claim = (
        insert(_claims)
        .values(user_id=owner, operation=attempt.operation, key=attempt.key, fingerprint=attempt.fingerprint())
        .on_conflict_do_nothing()
        .returning(_claims.c.key)
    )
    return await session.scalar(claim) is not None


async def _recall(session: TenantSession, owner: UUID, attempt: Attempt) -> UUID:
    kept = (
        await session.execute(sa.select(_claims.c.fingerprint, _claims.c.result_id).where(_is(owner, attempt)))
    ).one()
    if kept.fingerprint != attempt.fingerprint():
        raise IdempotencyKeyReused
    return kept.result_id
