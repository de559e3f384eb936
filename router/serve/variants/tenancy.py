"""What a router knows of its tenants: who asks for which, and what holds for them."""

import logging
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, NoReturn, Protocol

from router.serve.access.identity import Identity
from router.serve.errors import Refused, clipped
from router.serve.request import RequestContext
from router.serve.variants.lookup import PolicyLookup
from router.serve.variants.naming import Named, Names
from router.serve.variants.policy import PolicyOf, TenantPolicy
from router.serve.variants.settings import TenancySettings

logger = logging.getLogger(__name__)

MISMATCH: Final = "TENANT_MISMATCH"

LONGEST_NAME: Final = 100
"""Characters of a name in the log: it is whatever a client made up."""


@dataclass(frozen=True, slots=True)
class TenantMismatch:
    """A request that names another tenant than its caller's; it was refused.

    Attributes:
        identity: the verified caller. Their claims are those of a token, and not for everybody's eyes.
        named: where other tenants are named, and which.
        address: where the request came from.
    """

    identity: Identity
    named: tuple[Named, ...]
    address: str


class Audit(Protocol):
    """Told of each mismatch, after it is in the log and before the client hears of it."""

    def __call__(self, mismatch: TenantMismatch, /) -> Awaitable[None]: ...


async def _everybodys(tenant: str | None, context: RequestContext) -> TenantPolicy:
    return TenantPolicy()


class Tenancy:
    """The tenants of one router.

    It outlives engines: whoever makes a new one for another supergraph gives it the same tenancy.
    """

    def __init__(
        self,
        settings: TenancySettings | None = None,
        *,
        policy_of: PolicyOf | None = None,
        audit: Audit | None = None,
    ) -> None:
        """Make what all requests share.

        Args:
            settings: how tenants are dealt with.
            policy_of: tells their policies; None if the settings do.
            audit: is told of requests that were refused because they name another tenant than their caller's.
        """
        self.settings = settings or TenancySettings()
        self._names = Names(self.settings.naming)
        self._audit = audit
        self._lookup = PolicyLookup(
            policy_of or self.settings.policy_of() or _everybodys,
            keep_seconds=self.settings.keep_seconds,
            stale_seconds=self.settings.stale_seconds,
            entries=self.settings.remembered,
        )

    def forget(self, tenant: str | None) -> None:
        """Ask for a tenant's policy again at its next request: it has changed."""
        self._lookup.forget(tenant)

    async def admit(self, context: RequestContext) -> RequestContext:
        """The context with the policy of its caller's tenant, for one operation.

        Raises:
            Refused: the tenant is not served.
        """
        return _with(context, await self._policy(context))

    async def enter(
        self,
        context: RequestContext,
        headers: Mapping[str, str],
        path: Mapping[str, Any] | None = None,
        parameters: Mapping[str, Any] | None = None,
        address: str = "",
    ) -> RequestContext:
        """The same for a request, if whatever names a tenant in it names the caller's.

        Args:
            context: by the authenticate hook.
            headers: by names in lower case.
            path: what the path's pattern has found.
            parameters: of a WebSocket's `connection_init`.
            address: where it comes from.

        Raises:
            Refused: it names another, or the caller's tenant is not served.
        """
        policy = await self._policy(context)
        named = self._names.of(headers, path, parameters)
        if named and context.identity is not None:
            others = _others(named, context.identity, policy)
            if others:
                await self._refuse(context.identity, others, address)
        return _with(context, policy, address)

    async def _policy(self, context: RequestContext) -> TenantPolicy:
        identity = context.identity
        return await self._lookup.policy(None if identity is None else identity.tenant, context)

    async def _refuse(self, identity: Identity, others: tuple[Named, ...], address: str) -> NoReturn:
        """Tell of a request that names other tenants than its caller's.

        Raises:
            Refused: in any case.
        """
        mismatch = TenantMismatch(identity, others, address)
        logger.warning(
            "Refused subject %r of tenant %r from %s, who names another tenant: %s",
            identity.subject,
            identity.tenant,
            address or "an unknown address",
            "; ".join(f"{each.place} has {clipped(each.name, LONGEST_NAME)!r}" for each in others),
        )
        await self._tell(mismatch)
        message = "The request names another tenant than the access token."
        raise Refused.because(message, MISMATCH, HTTPStatus.FORBIDDEN)

    async def _tell(self, mismatch: TenantMismatch) -> None:
        if self._audit is not None:
            try:
                await self._audit(mismatch)
            except Exception:
                logger.exception("The audit of a tenant mismatch failed")


def _others(named: Sequence[Named], identity: Identity, policy: TenantPolicy) -> tuple[Named, ...]:
    """Names that are not those of the caller's tenant."""
    tenant, names = identity.tenant, policy.names
    if tenant is None:
        return tuple(named)
    return tuple(
        [
            each
            for each in named
            if each.name != tenant
            and each.name not in names
            and not (each.in_host and _is_host(each.name, tenant, names))
        ]
    )


def _is_host(name: str, tenant: str, names: Sequence[str]) -> bool:
    """Whether a part of a host, in lower case, is one of these names, which may have large letters."""
    return name == tenant.lower() or any(name == each.lower() for each in names)


def _with(context: RequestContext, policy: TenantPolicy, address: str = "") -> RequestContext:
    """The context with a policy, and an address where its rates may be kept by that."""
    known = context.address
    return context.under(policy, address if policy.rates and known is None and address else known)
