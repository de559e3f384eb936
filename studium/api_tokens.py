"""What the router does with API tokens: it exchanges each for an access token, which the auth subgraph issues.

The exchange is kept for a short while, so that a program which asks often costs the subgraph little. A token that is
revoked meanwhile is refused all the same: its id stands in the access token where a session's would, and the subgraph
tells that it has ended (`studium.ended_sessions`).
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import structlog

from router.execute import SubgraphRequest, Transport
from router.execute.transport.base import SubgraphFailure
from router.serve.cache import LruCache
from router.serve.request import ANYBODY
from shared.api_tokens import PREFIX, digest, tenant_of
from shared.errors import DomainError, Unauthenticated, Unavailable

_AUTH: Final = "auth"
_EXCHANGE: Final = "query ApiTokenSession($token: String!) { apiTokenSession(token: $token) { accessToken } }"
_ASK_SECONDS: Final = 3.0
_REMEMBERED: Final = 4096
_MOST_AT_ONCE: Final = 64
"""Exchanges under way: whoever tries out tokens does not make the subgraph wait upon nothing else."""
KEEP_SECONDS: Final = 30.0
"""How long it takes at most until a program loses what its owner has lost."""
_log = structlog.get_logger("studium.api_tokens")


class ApiTokenInvalid(Unauthenticated):
    default_message = "The API token is not valid"


class _Session(msgspec.Struct, frozen=True, rename="camel"):
    access_token: str


class _Told(msgspec.Struct, frozen=True, rename="camel"):
    api_token_session: _Session | None


@dataclass(frozen=True, slots=True)
class _Exchanged:
    access_token: str | None = field(repr=False)
    """None for a token that is not valid."""
    until: float


class ApiTokens:
    """The API tokens that are presented to one router."""

    def __init__(
        self, transports: Callable[[], Mapping[str, Transport]], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Know of none yet.

        Args:
            transports: to the subgraphs, as they are at the moment.
            clock: in seconds.
        """
        self._transports = transports
        self._clock = clock
        self._known: LruCache[bytes, _Exchanged] = LruCache(_REMEMBERED, _REMEMBERED)
        self._asking: dict[bytes, asyncio.Task[_Exchanged | DomainError]] = {}

    async def access_token(self, presented: str) -> str:
        """The access token for what was presented: an API token is exchanged, anything else is given back.

        Raises:
            ApiTokenInvalid: it looks like an API token, and is none that is good.
            Unavailable: nobody can say now.
        """
        if not presented.startswith(PREFIX):
            return presented
        if tenant_of(presented) is None:
            raise ApiTokenInvalid
        exchanged = await self._exchanged(presented)
        if exchanged.access_token is None:
            raise ApiTokenInvalid
        return exchanged.access_token

    async def _exchanged(self, token: str) -> _Exchanged:
        """What is known of a token, or what comes of asking, which is done once for all who present it meanwhile."""
        key = digest(token)
        known = self._known.get(key)
        if known is not None and self._clock() < known.until:
            return known
        asking = self._asking.get(key)
        if asking is None:
            if len(self._asking) >= _MOST_AT_ONCE:
                raise Unavailable
            asking = self._asking[key] = asyncio.create_task(self._ask(key, token))
        answer = await asyncio.shield(asking)
        if isinstance(answer, DomainError):
            raise Unavailable from answer
        return answer

    async def _ask(self, key: bytes, token: str) -> _Exchanged | DomainError:
        """It raises nothing: perhaps nobody waits for it any more."""
        try:
            exchanged = _Exchanged(await self._told(token), self._clock() + KEEP_SECONDS)
        except (SubgraphFailure, TimeoutError, msgspec.ValidationError, Unavailable) as error:
            _log.warning("api token not exchanged", error=repr(error))
            return Unavailable()
        finally:
            del self._asking[key]
        self._known.put(key, exchanged, 1)
        return exchanged

    async def _told(self, token: str) -> str | None:
        """What the subgraph says: an access token, or None if the token is not valid.

        Raises:
            Unavailable: it says neither. So mean SubgraphFailure, TimeoutError and ValidationError.
        """
        deadline = asyncio.get_running_loop().time() + _ASK_SECONDS
        request = SubgraphRequest(
            _AUTH,
            _EXCHANGE,
            variables={"token": token},
            idempotent=True,
            terms=ANYBODY.terms(_ASK_SECONDS),
            deadline=deadline,
        )
        async with asyncio.timeout_at(deadline):
            answer = await self._transports()[_AUTH].fetch(request)
        codes: set[Any] = {each.get("extensions", {}).get("code") for each in answer.errors}
        if Unauthenticated.code in codes:
            return None
        data: Any = answer.data
        told = msgspec.convert(data, _Told)
        if told.api_token_session is None:
            raise Unavailable(f"{sorted(map(str, codes))}")
        return told.api_token_session.access_token
