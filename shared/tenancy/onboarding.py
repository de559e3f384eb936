"""Sign-ups become tenants: the worker's part of `signUpTenant`."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import structlog

from shared.caller import TenantId, service_caller
from shared.database import Sessions, TenantSession, unit_of_work
from shared.tenancy.names import CONTROL_DATABASE
from shared.tenancy.notices import sweep_on_notices
from shared.tenancy.provision import Provisioner
from shared.tenancy.registry import PENDING_CHANNEL, SignUp, activate, pending, place_pending

InstallOwner: TypeAlias = Callable[[TenantSession, SignUp], Awaitable[None]]
"""Makes the owner's account in the new tenant; must be safe to repeat. The auth subgraph has it."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Onboarding:
    """Provisions every registered tenant, then opens it.

    Each step is safe to repeat and the tenant is opened last, so a worker killed at any moment leaves a sign-up that
    the next one finishes. The sign-up's row is locked meanwhile: two workers never make the same tenant.
    """

    provisioner: Provisioner
    auth: Sessions
    install_owner: InstallOwner
    new_on: Sequence[str] = ()
    """The servers that new tenants are placed on, where there are several; none for all of them."""

    async def run(self) -> None:
        """Serve sign-ups until cancelled: woken by notices, sweeping in case one was missed."""
        await sweep_on_notices(self.provisioner.admin.engine(CONTROL_DATABASE), PENDING_CHANNEL, self.sweep, _log)

    async def sweep(self) -> None:
        """Finish every sign-up there is; one that fails is left for the next sweep and does not hold up the others."""
        failed: set[TenantId] = set()
        control, several = self.provisioner.admin.engine(CONTROL_DATABASE), bool(self.provisioner.admin.others)
        while True:
            if several:
                async with control.begin() as connection:
                    await place_pending(connection, self.new_on or list(self.provisioner.admin.servers))
            async with control.begin() as connection:
                sign_up = await pending(connection, besides=failed, placed=several)
                if sign_up is None:
                    return
                try:
                    await self._make(sign_up)
                except Exception:  # noqa: BLE001 - whatever it is, the other tenants are not to wait for it
                    _log.exception("onboarding.failed", tenant_id=str(sign_up.tenant_id), slug=sign_up.slug)
                    failed.add(sign_up.tenant_id)
                else:
                    await activate(connection, sign_up.tenant_id)
                    _log.info("onboarding.active", tenant_id=str(sign_up.tenant_id), slug=sign_up.slug)

    async def _make(self, sign_up: SignUp) -> None:
        await self.provisioner.provision(sign_up.tenant_id, sign_up.server)
        async with unit_of_work(self.auth, service_caller(sign_up.tenant_id, "onboarding")) as session:
            await self.install_owner(session, sign_up)
