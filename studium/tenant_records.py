"""What the router knows of tenants: their records, which the auth subgraph tells, and when these have changed.

A record is asked for in the name of one of the tenant's people, so that the router needs no right of its own. It is
kept for a while, and dropped when the subgraph's stream tells of a change: then a tenant that was suspended is refused,
and what runs on its people's behalf ends.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
import structlog

from router.execute import SubgraphRequest, Transport
from router.serve.demand.config import Rate
from router.serve.request import RequestContext
from router.serve.streams.revocation import Revocations
from router.serve.variants.policy import TenantPolicy
from router.serve.variants.tenancy import Tenancy
from shared.events.event import Recorded
from shared.tenancy.profile import Quotas
from shared.tenancy.registry import TenantStatus
from studium.variants import TenantRules

TOPIC: Final = "auth.tenant-changed.v1"
_AUTH: Final = "auth"
_RECORD: Final = "query TenantRecord { tenant { slug plan status features region quotas { costPerMinute streams } } }"
_ASK_SECONDS: Final = 3.0
_log = structlog.get_logger("studium.tenant_records")


class TenantUnknown(Exception):
    """The auth subgraph does not tell a tenant's record."""


class _Quotas(msgspec.Struct, frozen=True, rename="camel"):
    """Those that routers see to."""

    cost_per_minute: int | None
    streams: int | None


class _Record(msgspec.Struct, frozen=True):
    """As the auth subgraph tells it: names of enum values."""

    slug: str
    plan: str
    status: str
    features: list[str]
    region: str | None
    quotas: _Quotas


class _Told(msgspec.Struct, frozen=True):
    tenant: _Record | None


class _Changed(msgspec.Struct, frozen=True):
    status: str


class TenantRecords:
    """The tenants of one router.

    Attributes:
        tenancy: to be given to its engines.
    """

    def __init__(
        self,
        rules: TenantRules,
        transports: Callable[[], Mapping[str, Transport]],
        revocations: Revocations,
        rates: tuple[Rate, ...] = (),
    ) -> None:
        """Know of none yet.

        Args:
            rules: what holds for them.
            transports: to the subgraphs, as they are at the moment.
            revocations: to be told of all people of a tenant that is suspended.
            rates: that hold for all tenants, unless their plans say otherwise.
        """
        self._rates = rates
        self._rules = rules
        self._transports = transports
        self._revocations = revocations
        self.tenancy = Tenancy(rules.settings, policy_of=self._policy_of)

    async def note(self, event: Recorded) -> None:
        """Take notice of a tenant that has changed."""
        tenant = str(event.tenant_id)
        self.tenancy.forget(tenant)
        try:
            changed = msgspec.json.decode(event.payload, type=_Changed)
        except msgspec.MsgspecError as error:
            _log.warning("not a changed tenant", event_id=str(event.event_id), error=repr(error))
            return
        if changed.status == TenantStatus.SUSPENDED:
            self._revocations.revoke(None, tenant)

    async def _policy_of(self, tenant: str | None, context: RequestContext) -> TenantPolicy | None:
        """See `PolicyOf`.

        Raises:
            TenantUnknown: the subgraph does not say.
            SubgraphFailure: it does not answer.
            TimeoutError: it takes too long.
        """
        if tenant is None:
            return self._rules.nobodys()
        record = await self._record(context)
        if record is None or record.status != TenantStatus.ACTIVE:
            return None
        return self._rules.policy(
            record.plan.lower(),
            record.features,
            slug=record.slug,
            region=record.region,
            quotas=Quotas(cost_per_minute=record.quotas.cost_per_minute, streams=record.quotas.streams),
            otherwise=self._rates,
        )

    async def _record(self, context: RequestContext) -> _Record | None:
        deadline = asyncio.get_running_loop().time() + _ASK_SECONDS
        request = SubgraphRequest(
            _AUTH,
            _RECORD,
            headers=context.headers,
            idempotent=True,
            terms=context.terms(_ASK_SECONDS),
            deadline=deadline,
        )
        async with asyncio.timeout_at(deadline):
            answer = await self._transports()[_AUTH].fetch(request)
        data: Any = answer.data
        try:
            told = msgspec.convert(data, _Told)
        except msgspec.ValidationError as error:
            raise TenantUnknown(f"{error}: {[each['message'] for each in answer.errors]}") from error
        if told.tenant is None and answer.errors:
            raise TenantUnknown(str([each["message"] for each in answer.errors]))
        return told.tenant
