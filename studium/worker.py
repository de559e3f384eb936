"""`studium worker`: moves events between the subgraphs and makes the tenants that have signed up. One process.

Everything it does is repeated until it works and is safe to repeat, so it may be killed at any moment, and it waits for
servers that are away. More workers side by side share the work.
"""

import asyncio
import json
import signal
import socket
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import structlog
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import idempotency, telemetry
from shared.caller import TenantId, service_caller
from shared.data_keys import DataKeys
from shared.database import Sessions, unit_of_work
from shared.documents import Documents
from shared.events.connection import connect
from shared.events.consume import Consumer
from shared.events.documents import DocumentSource
from shared.events.handler import Handlers
from shared.events.relay import Relay
from shared.events.repeat import for_each, forever, rest
from shared.events.sources import PostgresSource
from shared.events.streams import stream_of
from shared.events.trim import trim
from shared.mail import FolderMailer, Mailer, mailer
from shared.outbound import Outbound
from shared.tenancy.changes import Announcements
from shared.tenancy.deletion import Deletions
from shared.tenancy.names import CONTROL_DATABASE, MAIN
from shared.tenancy.onboarding import Onboarding
from shared.tenancy.orders import Orders
from shared.tenancy.provision import Provisioner
from shared.tenancy.registry import Registry
from shared.tenancy.roles import Admin, login_url
from shared.tokens import TokenIssuer
from studium.audit import AuditHeads
from studium.data_keys import shredding
from studium.embedded.errors import CannotStart
from studium.ending import all_cancelled, end_within
from studium.exporting import Exports
from studium.keys import credentials_key, credentials_keys, public_url
from studium.master_key import MasterKeySettings, create_master_key
from studium.platform import SUBGRAPHS, migrations
from studium.settings import Port, StudiumSettings
from subgraphs.auth.service.audit_heads import HeadSigner
from subgraphs.auth.service.codes import SignInCodes
from subgraphs.auth.service.forgetting import forget_old as forget_old_sign_ins
from subgraphs.auth.service.mailing import LinkPost
from subgraphs.auth.service.oauth_backchannel import LogoutPost
from subgraphs.auth.service.tenant_exports import ExportShelf
from subgraphs.content.service.forgetting import forget_old as forget_old_lessons
from subgraphs.content.service.storage import recount
from subgraphs.users.service.forgetting import forget_old as forget_old_people
from subgraphs.users.service.mailing import InvitationPost, invitation_codes

_AUTH: Final = "auth"
_USERS: Final = "users"
_CONTENT: Final = "content"
"""Keeps its records as documents, and handles events in its own process."""
_CONTENT_READS: Final = (_CONTENT, "courses", "users")
"""Whose streams it handles."""
_CONNECTIONS: Final = 6
"""PostgreSQL connections a subgraph: one listens, the rest relay and handle."""
_TRIM_EVERY: Final = 60.0
_FORGET_EVERY: Final = 3600.0
_END_SECONDS: Final = 10.0
"""From SIGTERM until it has ended in any case. All of its work can be cut off at any moment, and is done again."""
_log = structlog.get_logger("studium.worker")


class WorkerSettings(BaseSettings):
    """What only the worker reads from its environment."""

    model_config = SettingsConfigDict(env_prefix="STUDIUM_WORKER_", frozen=True)

    port: Port | None = None
    """Where ``GET /health`` tells whether everything runs; nowhere if it is not set."""
    member: str = socket.gethostname()
    """Its name among the workers. One that comes back under its name goes on at once with what it had in hand."""
    new_tenants_on: tuple[str, ...] = ()
    """The servers that new tenants are placed on, of those there are, as a JSON list; none for all of them."""


def main(settings: StudiumSettings) -> int:
    """Work until SIGTERM or Ctrl-C."""
    finish = telemetry.set_up("worker", endpoint=settings.otlp_endpoint)
    try:
        asyncio.run(_work(settings, WorkerSettings()))
    finally:
        finish()
    return 0


async def _work(settings: StudiumSettings, own: WorkerSettings) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def end() -> None:
        stop.set()
        end_within(_END_SECONDS, loop)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    async with open_worker(settings, own) as worker:
        working = asyncio.create_task(worker.run())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        await all_cancelled(working)
        if not working.cancelled():
            working.result()


@dataclass(frozen=True, slots=True)
class Worker:
    """Everything the process runs."""

    registry: Registry
    redis: Redis
    sessions: Sequence[Sessions]
    documents: Documents
    relays: Sequence[Relay]
    consumers: Sequence[Consumer]
    onboarding: Onboarding
    announcements: Announcements
    orders: Orders
    exports: Exports
    audit_heads: AuditHeads
    deletions: Deletions
    logouts: LogoutPost
    settings: WorkerSettings

    async def run(self) -> None:
        """Run until cancelled."""
        async with AsyncExitStack() as serving, asyncio.TaskGroup() as tasks:
            if self.settings.port is not None:
                await serving.enter_async_context(
                    await asyncio.start_server(self._answer, "127.0.0.1", self.settings.port)
                )
            for part in (*self.relays, *self.consumers):
                tasks.create_task(part.run())
            told = (self.onboarding.run, self.announcements.run, self.orders.run, self.exports.run)
            for step in (*told, self.audit_heads.run, self.deletions.run, self.logouts.run, self._trim, self._forget):
                tasks.create_task(forever(step, _log))
            _log.info("worker.started", relays=len(self.relays), consumers=len(self.consumers))

    @property
    def ready(self) -> bool:
        """Whether every outbox is listened to and every stream is read."""
        listening = all(relay.listening.is_set() for relay in self.relays)
        return listening and all(consumer.reading.is_set() for consumer in self.consumers)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer whatever is asked with how things stand."""
        await reader.readline()
        status = "200 OK" if self.ready else "503 Service Unavailable"
        body = json.dumps({"status": "ready" if self.ready else "unavailable"})
        head = (
            f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close"
        )
        writer.write(f"{head}\r\n\r\n{body}".encode())
        await writer.drain()
        writer.close()

    async def _trim(self) -> None:
        readers: dict[str, set[str]] = {stream_of(name): set() for name in SUBGRAPHS}
        for name in _CONTENT_READS:
            readers[stream_of(name)].add(_CONTENT)
        for consumer in self.consumers:
            for stream in consumer.streams:
                readers[stream].add(consumer.name)
        for stream, groups in readers.items():
            if groups:
                await trim(self.redis, stream, frozenset(groups))
        await rest(_TRIM_EVERY)

    async def _forget(self) -> None:
        tenants = [tenant.id for tenant in await self.registry.active()]
        await for_each(tenants, self._forget_of, _log, "worker.not_forgotten")
        await rest(_FORGET_EVERY)

    async def _forget_of(self, tenant_id: TenantId) -> None:
        for consumer in self.consumers:
            await consumer.forget_old([tenant_id])
        for sessions in self.sessions:
            async with unit_of_work(sessions, service_caller(tenant_id, "worker")) as session:
                await idempotency.forget_old(session)
                if sessions.subgraph == _AUTH:
                    await forget_old_sign_ins(session)
                if sessions.subgraph == _USERS:
                    await forget_old_people(session)
        await forget_old_lessons(self.documents, service_caller(tenant_id, "worker"))
        await recount(self.documents, service_caller(tenant_id, "worker"), now=datetime.now(UTC))


@asynccontextmanager
async def open_worker(settings: StudiumSettings, own: WorkerSettings) -> AsyncGenerator[Worker]:
    """A worker with its connections, which are made when they are needed first.

    Raises:
        CannotStart: a URL or the secret is missing.
    """
    database, mongo = _given(settings.database_url, "DATABASE_URL"), _given(settings.mongo_url, "MONGO_URL")
    secret, redis_url = _given(settings.secret, "SECRET"), _given(settings.redis_url, "REDIS_URL")
    async with AsyncExitStack() as closing:
        servers = settings.database_servers
        if unknown := {*own.new_tenants_on} - {MAIN, *servers}:
            raise CannotStart(f"STUDIUM_WORKER_NEW_TENANTS_ON names servers that there are not: {sorted(unknown)}.")
        admin, registry = Admin(database, servers), Registry.create(database)
        redis = connect(redis_url.get_secret_value())
        documents = _documents(mongo)
        sessions = _sessions(settings, database, secret)
        outbound = Outbound(private=settings.private_identity_providers)
        for opened in (admin, registry, redis, documents, *sessions.values(), outbound):
            closing.push_async_callback(opened.aclose)

        issuer = TokenIssuer(_given(settings.signing_key, "SIGNING_KEY"))
        logouts = LogoutPost(sessions[_AUTH], registry, issuer, outbound, public_url(settings))
        handled = _handlers(_link_post(settings, registry), _users_handlers(settings, registry), logouts)
        control = admin.engine(CONTROL_DATABASE)
        yield Worker(
            registry,
            redis,
            list(sessions.values()),
            documents,
            relays=_relays(registry, redis, sessions, documents),
            consumers=[
                Consumer(handlers, sessions=sessions[name], redis=redis, member=own.member)
                for name, handlers in handled.items()
            ],
            onboarding=_onboarding(admin, documents, sessions[_AUTH], own.new_tenants_on),
            announcements=Announcements(control, redis),
            orders=Orders(control),
            exports=_exports(settings, control, registry, sessions, documents),
            audit_heads=AuditHeads(admin, registry, HeadSigner.create(secret)),
            deletions=Deletions(admin, migrations(), also=[shredding(sessions), documents.drop]),
            logouts=logouts,
            settings=own,
        )


def _sessions(settings: StudiumSettings, database: SecretStr, secret: SecretStr) -> dict[str, Sessions]:
    """Of the subgraphs that keep rows, by their names."""
    return {
        name: Sessions.create(
            login_url(database, name, secret),
            subgraph=name,
            pool_size=_CONNECTIONS,
            servers={server: login_url(url, name, secret) for server, url in settings.database_servers.items()},
        )
        for name in SUBGRAPHS
        if name != _CONTENT
    }


def _relays(
    registry: Registry, redis: Redis, sessions: Mapping[str, Sessions], documents: Documents
) -> Sequence[Relay]:
    async def tenants() -> list[TenantId]:
        return [tenant.id for tenant in await registry.active()]

    sources = [*(PostgresSource(one, tenants) for one in sessions.values()), DocumentSource(documents, tenants)]
    return [Relay(one, redis) for one in sources]


def _documents(mongo: SecretStr) -> Documents:
    from subgraphs.content.models import DOCUMENTS

    return Documents.create(mongo, subgraph=_CONTENT, models=DOCUMENTS)


def _onboarding(admin: Admin, documents: Documents, auth: Sessions, new_on: Sequence[str]) -> Onboarding:
    from subgraphs.auth.service.accounts import install_owner

    provisioner = Provisioner(admin, migrations(), also=[documents.provision])
    return Onboarding(provisioner, auth, install_owner, new_on)


def _exports(
    settings: StudiumSettings,
    control: AsyncEngine,
    registry: Registry,
    sessions: Mapping[str, Sessions],
    documents: Documents,
) -> Exports:
    master = create_master_key(settings, MasterKeySettings())
    shelf = ExportShelf(sessions[_AUTH], DataKeys(master, subgraph=_AUTH, secrets=credentials_keys(settings)))
    return Exports(control, registry, sessions, documents, shelf, master)


def _mailer(settings: StudiumSettings) -> Mailer:
    return mailer(settings.mail_url) if settings.mail_url else FolderMailer(settings.data / "mail")


def _link_post(settings: StudiumSettings, registry: Registry) -> LinkPost:
    codes, client_url = SignInCodes.create(credentials_key(settings)), settings.client_url or public_url(settings)
    return LinkPost(_mailer(settings), settings.mail_sender, codes, registry, client_url)


def _users_handlers(settings: StudiumSettings, registry: Registry) -> Handlers:
    from subgraphs.users import consumers as users

    codes, client_url = invitation_codes(credentials_key(settings)), settings.client_url or public_url(settings)
    post = InvitationPost(_mailer(settings), settings.mail_sender, codes, registry, client_url)
    keys = DataKeys(create_master_key(settings, MasterKeySettings()), subgraph=_USERS)
    return users.serving(post, keys)


def _handlers(post: LinkPost, users: Handlers, logouts: LogoutPost) -> Mapping[str, Handlers]:
    """What each subgraph does with the events of others."""
    from subgraphs.analytics import consumers as analytics
    from subgraphs.auth import consumers as auth
    from subgraphs.courses import consumers as courses
    from subgraphs.notifications import consumers as notifications

    return {
        "analytics": analytics.HANDLERS,
        "auth": {**auth.HANDLERS, **auth.mailing(post), **auth.telling(logouts)},
        "courses": courses.HANDLERS,
        "notifications": notifications.HANDLERS,
        _USERS: users,
    }


def _given(value: SecretStr | None, name: str) -> SecretStr:
    if value is None:
        raise CannotStart(f"STUDIUM_{name} is not set; `studium up` sets it for the processes it starts.")
    return value
