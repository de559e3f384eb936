"""Who has how many streams open."""

from collections import Counter
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import TypeAlias

from router.serve.access.identity import Identity
from router.serve.errors import Refused
from router.serve.streams.settings import StreamSettings
from router.serve.variants.policy import TenantPolicy

TOO_MANY_STREAMS = "TOO_MANY_STREAMS"

Key: TypeAlias = tuple[str, ...]
"""What is counted, and for whom."""


class Counted:
    """A connection that is counted; as a context manager it is closed at the end of the block."""

    __slots__ = ("_census", "_keys")

    def __init__(self, census: "Census", keys: tuple[Key, ...]) -> None:
        self._census = census
        self._keys = keys

    def __enter__(self) -> None:
        """It is counted already."""

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """It is over."""
        self._census.leave(self._keys)
        self._keys = ()


class Census:
    """Counts the connections of each client, tenant and host for as long as they are open."""

    def __init__(self, settings: StreamSettings) -> None:
        self._settings = settings
        self._open: Counter[Key] = Counter()

    def counted(self, identity: Identity | None, host: str, policy: TenantPolicy | None = None) -> "Counted":
        """Count a connection, until it is closed.

        Args:
            identity: the client's, as verified.
            host: its network address.
            policy: of its tenant, which may say how many of its streams there may be.

        Raises:
            Refused: it is one too many.
        """
        caps = list(self._caps(identity, host, policy))
        for key, cap in caps:
            if self._open[key] >= cap:
                raise Refused.because(
                    f"This {key[0]} has {cap} streams open; end one first.",
                    TOO_MANY_STREAMS,
                    HTTPStatus.TOO_MANY_REQUESTS,
                )
        keys = tuple(key for key, _ in caps)
        self._open.update(keys)
        return Counted(self, keys)

    def leave(self, keys: Iterable[Key]) -> None:
        """Count one less."""
        for key in keys:
            self._open[key] -= 1
            if not self._open[key]:
                del self._open[key]

    def _caps(self, identity: Identity | None, host: str, policy: TenantPolicy | None) -> Iterator[tuple[Key, int]]:
        """What a connection counts for, and the most there may be of it."""
        settings = self._settings
        if identity is None:
            if settings.host_streams is not None:
                yield ("host", host), settings.host_streams
            return
        if settings.client_streams is not None:
            yield ("client", identity.tenant or "", identity.subject), settings.client_streams
        of_tenant = settings.tenant_streams if policy is None or policy.streams is None else policy.streams
        if of_tenant is not None and identity.tenant is not None:
            yield ("tenant", identity.tenant), of_tenant
