"""What a client asks, on whose behalf, and the hooks that decide it."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from router.execute.terms import Terms
from router.plan import NO_ROLLOUT, Rollout
from router.serve.access.identity import Identity
from router.serve.caching.lifetimes import CacheControl
from router.serve.streams.revocation import Revocations

if TYPE_CHECKING:
    from router.serve.caching.identity import Use
    from router.serve.variants.policy import TenantPolicy


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """A GraphQL request, its parts of the right JSON types and otherwise unchecked.

    Attributes:
        query: the text of a document; empty if the client gave only a name for it.
        document_id: the name of a document that was published before.
    """

    query: str
    operation_name: str | None = None
    variables: Mapping[str, Any] | None = None
    extensions: Mapping[str, Any] | None = None
    document_id: str | None = None


@dataclass(frozen=True, slots=True)
class RequestContext:
    """Who asks.

    Attributes:
        headers: what subgraphs get to see of the client's headers.
        principal: whatever the authenticate hook wants to keep; the router does not look at it.
        rollout: which progressive overrides hold.
        identity: the verified caller; None for an anonymous one.
        seconds: how long this client waits for an operation, if that is less than operations may take.
        address: where the request comes from, if rates are kept by that.
        dry_run: the request is not to be executed, only priced.
        policy: what holds for the caller's tenant; None until the router's tenancy has said so.
        cache_control: what the client says of caches; None for nothing.
        cache_use: what one operation takes from them; None if there is nothing for it.
        entered: how many revocations the router had been told of when the authentication of `identity` began.
    """

    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    principal: Any = None
    rollout: Rollout = NO_ROLLOUT
    identity: Identity | None = None
    seconds: float | None = None
    address: str | None = None
    dry_run: bool = False
    policy: "TenantPolicy | None" = None
    cache_control: CacheControl | None = None
    cache_use: "Use | None" = None
    entered: int = field(default=0, compare=False)

    @property
    def tenant(self) -> str | None:
        """Of the verified caller."""
        return None if self.identity is None else self.identity.tenant

    def terms(self, seconds: float | None) -> Terms:
        """On what terms subgraphs are asked for this client by an operation that may take so long."""
        if self.seconds is not None and (seconds is None or self.seconds < seconds):
            seconds = self.seconds
        return Terms(seconds, self.tenant, self)

    def under(self, policy: "TenantPolicy", address: str | None) -> "RequestContext":
        """The same with what holds for the caller's tenant, in a fraction of the time that `replace` takes."""
        return RequestContext(
            self.headers,
            self.principal,
            self.rollout,
            self.identity,
            self.seconds,
            address,
            self.dry_run,
            policy,
            self.cache_control,
            self.cache_use,
            self.entered,
        )


ANYBODY = RequestContext()
"""An anonymous client of whom nothing is known."""


class Authenticate(Protocol):
    """Tells who asks: once per HTTP request, and once per WebSocket connection."""

    def __call__(
        self, headers: Mapping[str, str], connection_params: Mapping[str, Any] | None, /
    ) -> Awaitable[RequestContext]:
        """Args: `headers` in lower case; `connection_params` from a WebSocket's `connection_init`, None over HTTP.

        Raises:
            Refused: the client may not ask anything.
        """
        ...


def forwarding(*names: str) -> Authenticate:
    """Lets every client in and forwards the named headers; a WebSocket may give them as connection parameters."""
    wanted = tuple(name.lower() for name in names)

    async def authenticate(headers: Mapping[str, str], connection_params: Mapping[str, Any] | None) -> RequestContext:
        given: dict[str, Any] = dict(headers)
        given.update({key.lower(): value for key, value in (connection_params or {}).items()})
        return RequestContext({name: given[name] for name in wanted if isinstance(given.get(name), str)})

    return authenticate


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the owner of a router decides for it.

    Attributes:
        authenticate: tells who asks.
        revocations: to be told, in each process, of identities that count no more; their streams end at once.
    """

    authenticate: Authenticate = field(default_factory=forwarding)
    revocations: Revocations = field(default_factory=Revocations)
