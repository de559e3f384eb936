"""Slowing down who guesses, without locking out whom they pretend to be.

Attempts are counted by account and, where the client is known to be the account's own, by client. So guesses from
however many addresses share one count, and while it makes them wait, the owner goes on signing in where they have done
so before. Attempts for accounts that do not exist are counted alike. Source: OWASP, "Slow Down Online Guessing Attacks
with Device Cookies".
"""

import math
from datetime import datetime, timedelta
from typing import Final

from shared.database import TenantSession
from subgraphs.auth.errors import TooManyAttempts
from subgraphs.auth.store.throttles import ThrottleStore

FREE_ATTEMPTS: Final = 10
"""That are not slowed down: people mistype."""
FIRST_PAUSE: Final = timedelta(seconds=30)
LONGEST_PAUSE: Final = timedelta(minutes=15)
FORGET_AFTER: Final = timedelta(days=1)


async def attempting(session: TenantSession, key: bytes, now: datetime) -> None:
    """Count an attempt before it is made; `ThrottleStore.clear` forgets it once it has succeeded.

    Raises:
        TooManyAttempts: too many have failed just before.
    """
    throttles = ThrottleStore(session)
    until = await throttles.begin(key, now, free=FREE_ATTEMPTS, first=FIRST_PAUSE, longest=LONGEST_PAUSE)
    if until is not None:
        raise TooManyAttempts(retryAfter=math.ceil((until - now).total_seconds()))
    await throttles.forget(now - FORGET_AFTER)
