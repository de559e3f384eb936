"""Changing keys while everything goes on: a new data key, values encrypted anew with it, and another master key.

Each step is one transaction and safe to repeat: a run that was killed goes on where it was. What is still encrypted by
an older key is read with that; it is dropped when nothing needs it, and nobody can have begun with it.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from shared.caller import Caller
from shared.crypto import SealBroken
from shared.data_keys.columns import ProtectedTable
from shared.data_keys.master import DATA_KEY_BYTES
from shared.data_keys.personal import opened_object, sealed_object
from shared.data_keys.rings import DataKeys, KeyRing
from shared.data_keys.store import DataKeyStore, ProtectedStore
from shared.database import Sessions, TenantSession, unit_of_work

BATCH: Final = 200
BATCH_BYTES: Final = 4 * 1024 * 1024
"""Of values in one transaction, about: some of them are pieces of archives."""
GRACE: Final = timedelta(hours=1)
"""Longer than any transaction takes that sealed with the key before."""


@dataclass(frozen=True, slots=True)
class Encrypted:
    """What was encrypted anew.

    Attributes:
        rows: that are encrypted by the newest key now.
        unreadable: rows that no key opens: they were damaged, or sealed with a secret that this process has not.
    """

    rows: int
    unreadable: int


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

    async def encrypt_anew(self, protected: ProtectedTable, *, batch: int = BATCH) -> Encrypted:
        """Encrypt a table's values with the newest key, some rows a transaction."""
        done, after = Encrypted(0, 0), None
        while True:
            async with unit_of_work(self._sessions, self._caller) as session:
                part, after = await self.encrypt_some(session, protected, batch, after=after)
            done = Encrypted(done.rows + part.rows, done.unreadable + part.unreadable)
            if after is None:
                return done

    async def encrypt_some(
        self, session: TenantSession, protected: ProtectedTable, limit: int, *, after: Mapping[str, Any] | None = None
    ) -> tuple[Encrypted, Mapping[str, Any] | None]:
        """One transaction's part of it: up to `limit` rows behind `after`; what others have locked is for another time.

        Returns:
            What was done, and the key of the last row that was looked at; None if there is none any more.
        """
        ring, store = await self._keys.of(session, sealing=True), ProtectedStore(session, protected)
        keys = await store.outdated(ring.newest, limit=limit, most_bytes=BATCH_BYTES, after=after)
        if not keys:
            return Encrypted(0, 0), None
        rows, unreadable = await store.locked(ring.newest, keys), 0
        for row in rows:
            try:
                values = _sealed_anew(ring, protected, row)
            except SealBroken:  # one value that nobody can open holds up no other
                unreadable += 1
                continue
            await store.replace(row, values)
        return Encrypted(len(rows) - unreadable, unreadable), keys[-1]

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


def _sealed_anew(ring: KeyRing, protected: ProtectedTable, row: Mapping[str, Any]) -> dict[str, Any]:
    id_, values = protected.row(row), dict[str, Any]()
    for column in protected.columns:
        kept, plain = row[column.name], protected.plain.get(column.name)
        if plain is not None:
            values[column.name] = sealed_object(
                ring, column, id_, opened_object(ring, column, id_, kept, row[plain.name])
            )
            values[plain.name] = {}
        elif kept is not None:
            values[column.name] = ring.seal(column, id_, ring.open(column, id_, kept))
    return values
