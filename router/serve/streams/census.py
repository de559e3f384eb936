"""Who has how many streams open."""

from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import TypeAlias

from router.serve.access.identity import Identity
from router.serve.errors import Refused
from router.serve.streams.settings import StreamSettings

TOO_MANY_STREAMS = "TOO_MANY_STREAMS"

Key: TypeAlias = tuple[str, ...]
"""What is counted, and for whom."""


class Census:
    """Counts the connections of each client, tenant and host for as long as they are open."""

    def __init__(self, settings: StreamSettings) -> None:
        self._settings = settings
        self._open: Counter[Key] = Counter()

    @contextmanager
    def counted(self, identity: Identity | None, host: str) -> Generator[None]:
        """Count a connection within the block.

        Raises:
            Refused: it is one too many.
        """
        caps = list(self._caps(identity, host))
        for key, cap in caps:
            if self._open[key] >= cap:
                raise Refused.because(
                    f"This {key[0]} has {cap} streams open; end one first.",
                    TOO_MANY_STREAMS,
                    HTTPStatus.TOO_MANY_REQUESTS,
                )
        self._open.update(key for key, _ in caps)
        try:
            yield
        finally:
            self._leave(key for key, _ in caps)

    def _leave(self, keys: Iterator[Key]) -> None:
        for key in keys:
            self._open[key] -= 1
            if not self._open[key]:
                del self._open[key]

    def _caps(self, identity: Identity | None, host: str) -> Iterator[tuple[Key, int]]:
        """What a connection counts for, and the most there may be of it."""
        settings = self._settings
        if identity is None:
            if settings.host_streams is not None:
                yield ("host", host), settings.host_streams
            return
        if settings.client_streams is not None:
            yield ("client", identity.tenant or "", identity.subject), settings.client_streams
        if settings.tenant_streams is not None and identity.tenant is not None:
            yield ("tenant", identity.tenant), settings.tenant_streams
