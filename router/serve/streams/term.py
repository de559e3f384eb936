"""How long a client's identity holds: what it has opened ends with it."""

from collections.abc import Callable
from http import HTTPStatus
from time import time

from router.execute.transport.alarms import Alarm
from router.serve.errors import Refused
from router.serve.request import RequestContext
from router.serve.streams.revocation import Revocations
from router.serve.ticks import TICKS

UNAUTHENTICATED = "UNAUTHENTICATED"
EXPIRED = "The access token has expired."
REVOKED = "The access token has been revoked."

LOOK_SECONDS = 60.0
"""How long a timer waits at most before the clock is looked at again: clocks are set, and timers do not notice."""


class Term:
    """Calls back once, when an identity expires or is revoked; never for an anonymous client."""

    __slots__ = ("_end", "_identity", "_timer", "_watch")

    def __init__(self, context: RequestContext, revocations: Revocations, end: Callable[[Refused], None]) -> None:
        """Begin, before anything is done for the client.

        Args:
            context: whose identity, and when it was authenticated.
            revocations: of identities.
            end: told why the identity holds no more.

        Raises:
            Refused: the identity has been revoked since it was authenticated.
        """
        identity = context.identity
        if identity is not None and revocations.has_revoked(identity, context.entered):
            raise _unauthenticated(REVOKED)
        self._identity = identity
        self._end = end
        self._watch = None if identity is None else revocations.watch(identity, self._revoked)
        self._timer: Alarm | None = None
        self._wait()

    def close(self) -> None:
        """What the identity has opened is over."""
        if self._watch is not None:
            self._watch.close()
        if self._timer is not None:
            TICKS.off(self._timer)

    def _wait(self) -> None:
        if self._identity is None or self._identity.expires is None:
            return
        left = self._identity.expires - time()
        if left > 0:
            self._timer = TICKS.after(min(left, LOOK_SECONDS), self._wait)
        else:
            self._timer = TICKS.after(0, self._expired)

    def _expired(self) -> None:
        self._over(EXPIRED)

    def _revoked(self) -> None:
        self._over(REVOKED)

    def _over(self, message: str) -> None:
        self.close()
        self._end(_unauthenticated(message))


def require_held(context: RequestContext, revocations: Revocations) -> None:
    """Refuse what begins only now for an identity that has ended since it was authenticated, however long ago.

    A client may hold its body back for as long as requests may take to come.

    Raises:
        Refused: the identity has expired or been revoked.
    """
    identity = context.identity
    if identity is None:
        return
    if identity.expires is not None and identity.expires <= time():
        raise _unauthenticated(EXPIRED)
    if revocations.told != context.entered and revocations.has_revoked(identity, context.entered):
        raise _unauthenticated(REVOKED)


def _unauthenticated(message: str) -> Refused:
    return Refused.because(message, UNAUTHENTICATED, HTTPStatus.UNAUTHORIZED)
