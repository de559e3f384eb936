"""Telling apps that somebody has signed out, so that they end their own sessions as well.

What an app is owed is kept in the transaction in which the session ends. The worker tells it, and again some times if
it does not take it; then it is told no more. Source: OpenID Connect Back-Channel Logout 1.0.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog

from shared.caller import Caller, TenantId, service_caller
from shared.database import Sessions, unit_of_work
from shared.errors import DomainError
from shared.ids import uuid7
from shared.outbound import Outbound
from shared.tenancy.registry import Registry, TenantRecord, TenantStatus
from shared.tokens import TokenIssuer, tenant_issuer
from subgraphs.auth.models import ActorKind
from subgraphs.auth.service.audit import Actor, Subject, note
from subgraphs.auth.store.oauth_logouts import OAuthLogoutStore

LOGOUT_TOKEN: Final = "logout+jwt"  # noqa: S105 - the name of a type
EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
TOKEN_LIFE: Final = timedelta(minutes=2)
RETRY_AFTER: Final = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
"""An app is told once more after each of these; then it is given up."""
_TENANTS_AT_ONCE: Final = 16
_LOOK_EVERY: Final = timedelta(hours=1)
"""At all tenants, for what a worker that was killed has left."""
_WAIT_AFTER_FAILURE: Final = timedelta(minutes=1)
_log = structlog.get_logger("studium.logouts")


@dataclass(frozen=True, slots=True)
class _Message:
    id: UUID
    app_id: UUID
    uri: str
    subject: str
    session_id: UUID
    is_last: bool


class LogoutPost:
    """Tells apps; one in each worker."""

    def __init__(
        self,
        sessions: Sessions,
        tenants: Registry,
        issuer: TokenIssuer,
        outbound: Outbound,
        public_url: str,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._sessions = sessions
        self._tenants = tenants
        self._issuer = issuer
        self._outbound = outbound
        self._public_url = public_url
        self._clock = clock
        self._due: dict[TenantId, datetime] = {}
        self._look_at = clock()
        self._woken = asyncio.Event()

    def wake(self, tenant_id: TenantId) -> None:
        """A session has ended in a tenant: there may be something to tell."""
        self._due[tenant_id] = self._clock()
        self._woken.set()

    async def run(self) -> None:
        """Tell whatever is due, until cancelled. A tenant whose apps are slow does not hold up the others."""
        room = asyncio.Semaphore(_TENANTS_AT_ONCE)
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._woken.clear()
                await self._look()
                now = self._clock()
                for tenant_id in [one for one, at in self._due.items() if at <= now]:
                    await room.acquire()
                    del self._due[tenant_id]
                    tasks.create_task(self._serve(tenant_id)).add_done_callback(lambda _: room.release())
                await self._rest()

    async def _look(self) -> None:
        now = self._clock()
        if now >= self._look_at:
            self._due |= dict.fromkeys([tenant.id for tenant in await self._tenants.active()], now)
            self._look_at = now + _LOOK_EVERY

    async def _rest(self) -> None:
        until = min([self._look_at, *self._due.values()])
        try:
            async with asyncio.timeout(max(0.0, (until - self._clock()).total_seconds())):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _serve(self, tenant_id: TenantId) -> None:
        try:
            again = await self.tell(tenant_id)
        except Exception:  # noqa: BLE001 - whatever it is, the other tenants are not to wait for it
            _log.exception("logouts.not_told", tenant=str(tenant_id))
            again = self._clock() + _WAIT_AFTER_FAILURE
        if again is not None:
            self._due[tenant_id] = min(again, self._due.get(tenant_id, again))
            self._woken.set()

    async def tell(self, tenant_id: TenantId) -> datetime | None:
        """Tell a tenant's apps what is due; returns when there is more to tell, if there is."""
        tenant = await self._tenants.by_id(tenant_id)
        if tenant is None or tenant.status is not TenantStatus.ACTIVE:
            return None
        while messages := await self._claim(tenant_id):
            told = await asyncio.gather(*(self._send(tenant, message) for message in messages))
            await self._settle(tenant_id, list(zip(messages, told, strict=True)))
        async with self._sessions.read(_sender(tenant_id)) as session:
            return await OAuthLogoutStore(session).next_at()

    async def _claim(self, tenant_id: TenantId) -> list[_Message]:
        """Take some, and put each off before anybody is told: so nothing is told for ever, whenever this is killed."""
        now, messages = self._clock(), list[_Message]()
        async with unit_of_work(self._sessions, _sender(tenant_id)) as session:
            store = OAuthLogoutStore(session)
            for row, app in await store.due(now):
                is_last = row.attempts >= len(RETRY_AFTER)
                row.next_at = now + RETRY_AFTER[min(row.attempts, len(RETRY_AFTER) - 1)]
                row.attempts += 1
                uri = "" if app.removed_at is not None else app.backchannel_logout_uri or ""
                messages.append(_Message(row.id, row.app_id, uri, row.subject, row.session_id, is_last))
        return messages

    async def _send(self, tenant: TenantRecord, message: _Message) -> bool:
        """Whether the app was told, or wants to know no more."""
        if not message.uri:
            return True
        try:
            await self._outbound.send_form(message.uri, {"logout_token": self._token(tenant, message)})
        except DomainError as error:
            _log.warning("logouts.not_taken", tenant=str(tenant.id), app=str(message.app_id), error=error.message)
            return False
        return True

    def _token(self, tenant: TenantRecord, message: _Message) -> str:
        """Source: OpenID Connect Back-Channel Logout 1.0, section 2.4."""
        now = int(self._clock().timestamp())
        claims: dict[str, Any] = {
            "iss": tenant_issuer(self._public_url, tenant.slug),
            "aud": str(message.app_id),
            "sub": message.subject,
            "sid": str(message.session_id),
            "iat": now,
            "exp": now + int(TOKEN_LIFE.total_seconds()),
            "jti": str(uuid7()),
            "events": {EVENT: {}},
        }
        return self._issuer.sign(claims, type_=LOGOUT_TOKEN)

    async def _settle(self, tenant_id: TenantId, told: list[tuple[_Message, bool]]) -> None:
        async with unit_of_work(self._sessions, _sender(tenant_id)) as session:
            for message in [message for message, taken in told if not taken and message.is_last]:
                app = Actor(ActorKind.OAUTH_APP, str(message.app_id))
                note(session, "oauthLogoutNotTaken", Subject("Session", message.session_id), actor=app)
            over = [message.id for message, taken in told if taken or message.is_last]
            await OAuthLogoutStore(session).settle(over)


def _sender(tenant_id: TenantId) -> Caller:
    return service_caller(tenant_id, "logouts")  # lint-skip: callers-from-tokens (the worker's own work)
