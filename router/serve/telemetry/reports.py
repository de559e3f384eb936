"""Usage and metering: counts that are kept for some seconds and then written down."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from random import random
from typing import Final, NamedTuple
from uuid import uuid4

from router.execute.json import JSONObject
from router.serve.telemetry.config import Reporting
from router.serve.telemetry.sighting import Sighting, Status
from router.serve.telemetry.signature import Signature
from router.serve.telemetry.sinks import Sink

logger = logging.getLogger(__name__)

BATCH: Final = 500
"""Records that are written at once."""

END_SECONDS: Final = 2.0
"""How long the last of them may take, as processes that are told to end have to."""


class Key(NamedTuple):
    """Whose operations are counted together.

    Attributes:
        signature: of the operation, by its hash.
        kind: of the operation.
        tenant: as verified; None for none.
        client_id: likewise.
        client: what it says that it is.
        version: likewise.
    """

    signature: str
    kind: str
    tenant: str | None
    client_id: str | None
    client: str
    version: str


@dataclass(slots=True)
class Total:
    """Of the operations of one key."""

    signature: Signature
    operations: int = 0
    failed: int = 0
    seconds: float = 0.0
    estimated: float = 0.0
    cost: float = 0.0
    bytes: int = 0
    subgraph_requests: int = 0
    subgraph_bytes: int = 0
    messages: int = 0

    def add(self, seen: Sighting, seconds: float) -> None:
        """Count one more."""
        self.operations += 1
        self.failed += seen.status in {Status.FAILED, Status.REFUSED}
        self.seconds += seconds
        self.bytes += seen.bytes
        self.subgraph_requests += seen.subgraph_requests
        self.subgraph_bytes += seen.subgraph_bytes
        self.messages += seen.messages
        if seen.estimated is not None and seen.status.is_executed:
            self.estimated += seen.estimated
            self.cost += seen.estimated if seen.actual is None else seen.actual


def usage_record(key: Key, total: Total, since: str, until: str) -> JSONObject:
    """Which client has used which fields."""
    return {
        "kind": "usage",
        "from": since,
        "to": until,
        "client": key.client_id or key.client,
        "clientName": key.client,
        "clientVersion": key.version,
        "operation": total.signature.name,
        "operationKind": key.kind,
        "signature": key.signature,
        "text": total.signature.text,
        "fields": total.signature.fields,
        "count": total.operations,
        "failed": total.failed,
        "seconds": round(total.seconds, 6),
    }


def metering_record(key: Key, total: Total, since: str, until: str) -> JSONObject:
    """What a tenant's operations have cost. Its id stays the same when it is written again."""
    return {
        "kind": "metering",
        "id": str(uuid4()),
        "from": since,
        "to": until,
        "tenant": key.tenant,
        "client": key.client_id or key.client,
        "operation": total.signature.name,
        "operationKind": key.kind,
        "signature": key.signature,
        "operations": total.operations,
        "failed": total.failed,
        "seconds": round(total.seconds, 6),
        "costEstimated": total.estimated,
        "cost": total.cost,
        "bytes": total.bytes,
        "subgraphRequests": total.subgraph_requests,
        "subgraphBytes": total.subgraph_bytes,
        "messages": total.messages,
    }


class Reporter:
    """Counts operations and writes down what they come to.

    Attributes:
        kind: of its reports.
        lost: records that were given up, because they could not be written for too long.
    """

    def __init__(
        self, kind: str, settings: Reporting, sink: Sink, record: Callable[[Key, Total, str, str], JSONObject]
    ) -> None:
        """Count nothing yet.

        Args:
            kind: of the reports.
            settings: how often, and how much.
            sink: where records go.
            record: makes one.
        """
        self.kind = kind
        self.lost = 0
        self._settings = settings
        self._sink = sink
        self._record = record
        self._totals: dict[Key, Total] = {}
        self._since = _now()
        self._waiting: deque[JSONObject] = deque()
        self._full = asyncio.Event()

    def add(self, seen: Sighting, seconds: float) -> None:
        """Count an operation that is over, if it was one, and falls into the sample."""
        operation = seen.operation
        if operation is None or operation.signature is None or seen.status is Status.PRICED:
            return
        if self._settings.sampling < 1 and random() >= self._settings.sampling:
            return
        identity = None if seen.context is None else seen.context.identity
        tenant, client_id = (None, None) if identity is None else (identity.tenant, identity.client)
        signature = operation.signature
        key = Key(signature.hash, operation.kind.value, tenant, client_id, *seen.client)
        total = self._totals.get(key)
        if total is None:
            if len(self._totals) >= self._settings.entries:
                self._close_period()
                self._full.set()
            total = self._totals[key] = Total(signature)
        total.add(seen, seconds)

    async def run(self) -> None:
        """Write now and then, until it is cancelled; then once more."""
        try:
            while True:
                try:
                    async with asyncio.timeout(self._settings.seconds):
                        await self._full.wait()
                except TimeoutError:
                    pass
                self._full.clear()
                await self.write()
        finally:
            await self._end()

    async def _end(self) -> None:
        """Write what there is if that takes no longer than an end may; tell what is lost."""
        with suppress(TimeoutError):
            async with asyncio.timeout(END_SECONDS):
                await self.write()
        if self._waiting:
            self.lost += len(self._waiting)
            logger.error("%d records of %s are lost: they could not be written.", len(self._waiting), self.kind)
        with suppress(TimeoutError):
            async with asyncio.timeout(END_SECONDS):
                await self._sink.aclose()

    async def write(self) -> None:
        """Write what there is; what cannot be written waits for the next time."""
        self._close_period()
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            try:
                await self._sink.write(batch)
            except BaseException as error:
                self._waiting.extendleft(reversed(batch))
                if not isinstance(error, Exception):
                    raise
                logger.warning("A report could not be written (%s); it is kept for now.", type(error).__name__)
                return

    def _close_period(self) -> None:
        """Make records of what was counted, and begin anew."""
        until = _now()
        self._waiting.extend(self._records(until))
        self._totals, self._since = {}, until
        while len(self._waiting) > self._settings.kept:
            self._waiting.popleft()
            self.lost += 1

    def _records(self, until: str) -> Iterator[JSONObject]:
        return (self._record(key, total, self._since, until) for key, total in self._totals.items())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
