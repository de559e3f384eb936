"""What the router does with tokens that are issued to keys: each request with one has to prove that it has the key.

Source: RFC 9449, section 7. A proof is for one method and one address, which only the server knows for sure: so
`RequestsNamed` writes them down before anybody reads the request's headers.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, TypeAlias

from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.caller import Caller
from shared.dpop import HEADER, PROOF_SECONDS, ProofInvalid, read_proof
from shared.errors import Unavailable

_NAMED: Final = "studium-request"
_KEPT_SECONDS: Final = 3 * PROOF_SECONDS
_REMEMBERED: Final = 100_000


class Used(Protocol):
    """Remembers proofs for as long as they would be good."""

    async def first(self, digest: bytes) -> bool:
        """Whether this is its first use.

        Raises:
            Unavailable: nobody can say.
        """
        ...


class UsedHere:
    """Proofs that one process has seen; where there are more of them, `UsedAnywhere` is needed."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._until: OrderedDict[bytes, float] = OrderedDict()

    async def first(self, digest: bytes) -> bool:
        now = self._clock()
        while self._until and next(iter(self._until.values())) <= now:
            self._until.popitem(last=False)
        if digest in self._until:
            return False
        if len(self._until) >= _REMEMBERED:
            raise Unavailable
        self._until[digest] = now + _KEPT_SECONDS
        return True


class UsedAnywhere:
    """Proofs that any router has seen."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def first(self, digest: bytes) -> bool:
        try:
            return bool(await self._redis.set(b"dpop:" + digest, b"", nx=True, ex=_KEPT_SECONDS))
        except RedisError as error:
            raise Unavailable from error


class Proofs:
    """Looks at the proofs that come with tokens."""

    def __init__(self, public_url: str, used: Used, *, clock: Callable[[], float] = time.time) -> None:
        self._public_url = public_url
        self._used = used
        self._clock = clock

    async def check(self, caller: Caller, headers: Mapping[str, str], proof: str, bound: str | None) -> None:
        """Refuse a token that is not presented as it was issued.

        Args:
            caller: whom the token names.
            headers: of the request, as `RequestsNamed` leaves them.
            proof: what was sent as such.
            bound: the token, if it was presented as one that is issued to a key.

        Raises:
            ProofInvalid: it is issued to a key that the request does not prove, or to none.
            Unavailable: nobody can say whether the proof was used before.
        """
        if caller.jkt is None and bound is None:
            return
        method, _, path = headers.get(_NAMED, "").partition(" ")
        read = read_proof(proof, method=method, url=self._public_url + path, now=self._clock())
        if bound is None or read.jkt != caller.jkt or not read.is_for(bound):
            raise ProofInvalid
        if not await self._used.first(read.digest):
            raise ProofInvalid


Given: TypeAlias = Mapping[str, Any]


def proof_in(headers: Mapping[str, str], parameters: Given | None) -> str:
    """What is sent as a proof; a WebSocket may give it when it begins, as browsers can give it in no header."""
    told = {name.lower(): str(value) for name, value in (parameters or {}).items()}
    return told.get(HEADER) or headers.get(HEADER, "")


class RequestsNamed:
    """Tells those behind it by a header, which nobody outside can send, what the request is: ``POST /graphql``."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._name = _NAMED.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"}:
            named = f"{scope.get('method', 'GET')} {scope['path']}"
            headers = [each for each in scope["headers"] if each[0] != self._name]
            scope = {**scope, "headers": [*headers, (self._name, named.encode("utf-8", "replace"))]}
        await self._app(scope, receive, send)
