"""Lists of persisted operations that tenants have for themselves."""

import asyncio
import logging
from functools import partial
from http import HTTPStatus
from typing import Final

from router.execute.transport.flights import Flights
from router.serve.cache import LruCache
from router.serve.errors import Refused
from router.serve.persisted import ManifestError, PersistedOperations
from router.serve.persisted.policy import PersistedPolicy
from router.serve.request import RequestContext

logger = logging.getLogger(__name__)

UNREADABLE: Final = "PERSISTED_LIST_UNAVAILABLE"

LISTS: Final = 256
"""That are kept, beside that of all."""


class TenantLists:
    """Finds the persisted operations of a request's tenant."""

    def __init__(self, everybodys: PersistedOperations | None) -> None:
        """Args: `everybodys` are those of tenants that have none of their own."""
        self._everybodys = everybodys
        self._known: LruCache[PersistedPolicy, PersistedOperations] = LruCache(LISTS, LISTS)
        self._flights: Flights[PersistedOperations] = Flights()

    async def of(self, context: RequestContext) -> PersistedOperations | None:
        """What a client may name and send; None for no names and any document.

        Raises:
            Refused: the list cannot be read.
        """
        own = None if context.policy is None else context.policy.persisted
        if own is None:
            return self._everybodys
        known = self._known.get(own)
        if known is None:
            known = await self._flights.join(own, partial(self._read, own))
            self._known.put(own, known, 1)
        return known

    async def _read(self, own: PersistedPolicy) -> PersistedOperations:
        """Read the manifests. Documents that clients register are everybody's, as a hash names one text only."""
        automatic = None if self._everybodys is None else self._everybodys.automatic
        try:
            return await asyncio.to_thread(PersistedOperations, own, automatic=automatic)
        except ManifestError as error:
            logger.error("A tenant's list of operations cannot be read: %s", error)  # noqa: TRY400  # it says it all
            message = "The list of this tenant's operations cannot be read."
            raise Refused.because(message, UNREADABLE, HTTPStatus.SERVICE_UNAVAILABLE) from error
