"""Noticing that Redis may have lost events that were already published.

A marker in Redis names the server run that was seen last, and when. No marker: the data are gone, and all that the
outboxes still hold has to be published again. Another run: the server was restarted, or another one took over, and may
have lost what it was told last. Publishing again does no harm, since consumers recognise what they have handled.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from redis.asyncio import Redis

from shared.caller import TenantId

_MARGIN = timedelta(minutes=1)
"""How much a server may lose when it dies (a second of its log, or a replica's lag), and clocks may differ."""
EVERYTHING = datetime.min.replace(tzinfo=UTC)


class LossDetector:
    """Watches the Redis server on behalf of the relay of one subgraph."""

    def __init__(self, redis: Redis, subgraph: str) -> None:
        self._redis: Any = redis
        self._key = f"relay:{subgraph}"
        self._owed_key = f"relay:{subgraph}:owed"

    async def lost_since(self) -> datetime | None:
        """Return the time since which published events may be missing, or None if none are."""
        marker = await self._redis.hgetall(self._key)
        if not marker:
            return EVERYTHING
        if marker[b"run"].decode() == await self._run():
            return None
        return datetime.fromisoformat(marker[b"seen_at"].decode()) - _MARGIN

    async def seen(self) -> None:
        """Note that this server has everything published until now, or is about to be told again."""
        marker = {"run": await self._run(), "seen_at": datetime.now(UTC).isoformat()}
        await self._redis.hset(self._key, mapping=marker)

    async def owe(self, since: Mapping[TenantId, datetime]) -> None:
        """Note whose events are to be told again, and since when, until that is done."""
        if since:
            await self._redis.hset(self._owed_key, mapping={str(each): at.isoformat() for each, at in since.items()})

    async def owed(self) -> dict[TenantId, datetime]:
        """Who is still to be told again."""
        found: dict[bytes, bytes] = await self._redis.hgetall(self._owed_key)
        return {TenantId(UUID(each.decode())): datetime.fromisoformat(at.decode()) for each, at in found.items()}

    async def paid(self, tenant_id: TenantId) -> None:
        """Note that a tenant's events are told again."""
        await self._redis.hdel(self._owed_key, str(tenant_id))

    async def _run(self) -> str:
        server: dict[str, Any] = await self._redis.info("server")
        return str(server.get("run_id", ""))
