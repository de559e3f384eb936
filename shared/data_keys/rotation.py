"""Changing keys while everything goes on: a new data key, values encrypted anew with it, and another master key.

Each step is one transaction and safe to repeat: a run that was killed goes on where it was. What is still encrypted by
an older key is read with that; it is dropped when nothing needs it, and nobody can have begun with it.
"""

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from shared.caller import Caller
from shared.data_keys.columns import ProtectedTable
from shared.data_keys.master import DATA_KEY_BYTES
from shared.data_keys.rings import DataKeys
from shared.data_keys.store import DataKeyStore, ProtectedStore
from shared.database import Sessions, TenantSession, unit_of_work

BATCH: Final = 200
GRACE: Final = timedelta(hours=1)
"""Longer than any transaction takes that sealed with the key before."""


class Rotation:
    """Changes the keys of one tenant in one subgraph."""

    def __init__(self, keys: DataKeys, sessions: Sessions, caller: Caller) -> None:
        self._keys = keys
        self._sessions = sessions
        self._caller = caller

    async def begin(self) -> int:
        """Make a new data key, with which everything is encrypted from now on; returns its version."""
        async with unit_of_work(self._sessions, self._caller) as session:
            version = (await self._keys.of(session, sealing=True)).newest + 1
            wrapped = await self._keys.master.wrap(os.urandom(DATA_KEY_BYTES), place=self._keys.place(session))
            await DataKeyStore(session).add(version, wrapped)
        return version

    async def encrypt_anew(self, protected: ProtectedTable, *, batch: int = BATCH) -> int:
        """Encrypt a table's values with the newest key, some rows a transaction; returns how many rows there were."""
        total = 0
        while True:
            async with unit_of_work(self._sessions, self._caller) as session:
                done = await self.encrypt_some(session, protected, batch)
            total += done
            if done < batch:
                return total

    async def encrypt_some(self, session: TenantSession, protected: ProtectedTable, limit: int) -> int:
        """One transaction's part of it: up to `limit` rows; rows that others have locked are for another time."""
        ring, store = await self._keys.of(session, sealing=True), ProtectedStore(session, protected)
        rows = await store.outdated(ring.newest, limit=limit)
        for row in rows:
            id_ = protected.row(row)
            values = {
                column.name: ring.seal(column, id_, ring.open(column, id_, row[column.name]))
                for column in protected.columns
                if row[column.name] is not None
            }
            await store.replace(row, values)
        return len(rows)

    async def retire(self, tables: Sequence[ProtectedTable], *, now: datetime) -> int:
        """Drop the data keys that nothing is encrypted by any more; returns how many."""
        async with unit_of_work(self._sessions, self._caller) as session:
            newest = (await self._keys.of(session, sealing=True)).newest
            for protected in tables:
                if await ProtectedStore(session, protected).count_outdated(newest):
                    return 0
            return await DataKeyStore(session).retire(before=now - GRACE)

    async def rewrap(self) -> int:
        """Wrap the data keys with the newest master key, where they are not; returns how many."""
        async with unit_of_work(self._sessions, self._caller) as session:
            place, store = self._keys.place(session), DataKeyStore(session)
            old = {
                version: wrapped
                for version, wrapped in (await store.wrapped()).items()
                if wrapped is not None and not self._keys.master.is_current(wrapped)
            }
            for version, wrapped in old.items():
                key = await self._keys.master.unwrap(wrapped, place=place)
                await store.rewrap(version, wrapped, await self._keys.master.wrap(key, place=place))
        return len(old)

    async def shred(self) -> int:
        """Destroy the tenant's data keys, and with them all that they encrypt, for good; returns how many."""
        async with unit_of_work(self._sessions, self._caller) as session:
            return await DataKeyStore(session).shred()
