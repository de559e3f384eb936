"""What the subgraph forgets in time; the worker asks it to."""

from datetime import UTC, datetime

from shared.caller import Caller
from shared.documents import Documents
from subgraphs.content.store import ClaimStore


async def forget_old(documents: Documents, caller: Caller, now: datetime | None = None) -> int:
    """Forget the idempotency keys that were kept long enough; returns how many."""
    async with documents.read(caller) as tenant:
        return await ClaimStore(tenant).forget_old(now=now or datetime.now(UTC))
