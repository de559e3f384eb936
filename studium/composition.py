"""Making subgraphs from the platform's settings: the one place that knows what each of them wants."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from shared.events import Hub
from shared.jwks import KeySource
from shared.router_tokens import RouterTokenVerifier, keys_of
from shared.tenancy.roles import login_url
from shared.tokens import TokenVerifier
from studium.keys import create_verifier, credentials_key, credentials_keys, given, public_url
from studium.master_key import MasterKeySettings, create_master_key
from studium.settings import StudiumSettings

if TYPE_CHECKING:
    from shared.graphql.app import SubgraphApp
    from shared.graphql.context import TokenVerifier as Verifier


@dataclass(frozen=True, slots=True)
class Parts:
    """What the subgraphs of one process have in common."""

    settings: StudiumSettings
    verifier: TokenVerifier
    hub: Hub
    router_keys: KeySource | None = None
    """That the router's requests are signed with; None where subgraphs verify callers' own tokens."""

    @classmethod
    def create(cls, settings: StudiumSettings) -> "Parts":
        hub = Hub(given(settings.redis_url, "REDIS_URL").get_secret_value())
        keys = keys_of(settings.router_keys) if settings.router_keys else None
        return cls(settings, create_verifier(settings), hub, keys)

    def verifier_of(self, subgraph: str) -> "Verifier":
        """Tells a subgraph who asks it."""
        return self.verifier if self.router_keys is None else RouterTokenVerifier(subgraph, self.router_keys)

    def database(self, subgraph: str) -> SecretStr:
        """The subgraph's own login to its own database."""
        settings = self.settings
        server = settings.database_url or f"postgresql://{given(settings.database_host, 'DATABASE_HOST')}"
        return login_url(server, subgraph, given(settings.secret, "SECRET"))

    def servers(self, subgraph: str) -> dict[str, SecretStr]:
        """The same on the other servers that tenants may be on, by name."""
        secret = given(self.settings.secret, "SECRET")
        return {name: login_url(url, subgraph, secret) for name, url in self.settings.database_servers.items()}

    @property
    def credentials_key(self) -> SecretStr:
        """Shared by the two subgraphs that pass password hashes."""
        return credentials_key(self.settings)


def create_subgraph(name: str, parts: Parts) -> "SubgraphApp":
    """The named subgraph; nothing is opened before it is started."""
    match name:
        case "auth":
            return _auth(parts)
        case "users":
            return _users(parts)
        case "courses":
            return _courses(parts)
        case "content":
            return _content(parts)
        case "analytics":
            return _analytics(parts)
        case "notifications":
            return _notifications(parts)
        case _:
            raise AssertionError(name)


def running(parts: Parts, subgraphs: "Sequence[SubgraphApp]") -> Callable[[Any], AbstractAsyncContextManager[None]]:
    """The lifespan of a process with these subgraphs: the hub first, and last."""

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(parts.hub)
            for subgraph in subgraphs:
                await subgraph.start()
                stack.push_async_callback(subgraph.aclose)
            yield

    return lifespan


def _auth(parts: Parts) -> "SubgraphApp":
    from subgraphs.auth.app import create
    from subgraphs.auth.settings import AuthSettings

    settings = AuthSettings(
        database_url=parts.database("auth"),
        database_servers=parts.servers("auth"),
        signing_key=given(parts.settings.signing_key, "SIGNING_KEY"),
        credentials_key=parts.credentials_key,
        earlier_credentials_keys=credentials_keys(parts.settings)[1:],
        breached_passwords=parts.settings.breached_passwords,
        public_url=public_url(parts.settings),
        private_identity_providers=parts.settings.private_identity_providers,
    )
    master_key = create_master_key(parts.settings, MasterKeySettings())
    return create(settings, verifier=parts.verifier_of("auth"), master_key=master_key)


def _users(parts: Parts) -> "SubgraphApp":
    from subgraphs.users.app import create
    from subgraphs.users.settings import UsersSettings

    settings = UsersSettings(
        database_url=parts.database("users"),
        database_servers=parts.servers("users"),
        credentials_key=parts.credentials_key,
        breached_passwords=parts.settings.breached_passwords,
        public_url=public_url(parts.settings),
    )
    master_key = create_master_key(parts.settings, MasterKeySettings())
    return create(settings, verifier=parts.verifier_of("users"), hub=parts.hub, master_key=master_key)


def _courses(parts: Parts) -> "SubgraphApp":
    from subgraphs.courses.app import create
    from subgraphs.courses.settings import CoursesSettings

    settings = CoursesSettings(database_url=parts.database("courses"), database_servers=parts.servers("courses"))
    return create(settings, verifier=parts.verifier_of("courses"))


def _content(parts: Parts) -> "SubgraphApp":
    from subgraphs.content.app import create
    from subgraphs.content.settings import ContentSettings

    platform = parts.settings
    settings = ContentSettings(
        database_url=parts.database("content"),
        database_servers=parts.servers("content"),
        mongo_url=given(platform.mongo_url, "MONGO_URL"),
        redis_url=given(platform.redis_url, "REDIS_URL"),
        search_folder=platform.data / "search",
        elasticsearch_url=platform.elasticsearch_url,
        elasticsearch_api_key=platform.elasticsearch_api_key,
        pinecone_host=platform.pinecone_host,
        pinecone_api_key=platform.pinecone_api_key,
    )
    return create(settings, verifier=parts.verifier_of("content"))


def _analytics(parts: Parts) -> "SubgraphApp":
    from subgraphs.analytics.app import create
    from subgraphs.analytics.settings import AnalyticsSettings

    settings = AnalyticsSettings(database_url=parts.database("analytics"), database_servers=parts.servers("analytics"))
    return create(settings, verifier=parts.verifier_of("analytics"))


def _notifications(parts: Parts) -> "SubgraphApp":
    from subgraphs.notifications.app import create
    from subgraphs.notifications.settings import NotificationsSettings

    settings = NotificationsSettings(
        database_url=parts.database("notifications"), database_servers=parts.servers("notifications")
    )
    return create(settings, verifier=parts.verifier_of("notifications"), hub=parts.hub)
