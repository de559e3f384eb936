"""Encrypted columns: what is in them is read by who has the tenant's keys, in its own place alone."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.exc import StatementError

from shared.caller import Caller
from shared.crypto import SealBroken, Sealer
from shared.data_keys import DataKeys, DataShredded, LocalMasterKey, Protected
from shared.data_keys.columns import ProtectedTable
from shared.data_keys.rotation import GRACE, Encrypted, Rotation
from shared.data_keys.store import DataKeyStore
from shared.database import Sessions, unit_of_work
from shared.ids import uuid7
from tests.shared.data_keys.conftest import Note

NOW = datetime.now(UTC)


async def keep(sessions: Sessions, caller: Caller, keys: DataKeys, *secrets: str) -> list[UUID]:
    """Keep notes; returns their ids."""
    async with unit_of_work(sessions, caller) as session:
        ring = await keys.of(session, sealing=True)
        ids = [uuid7() for _ in secrets]
        for id_, secret in zip(ids, secrets, strict=True):
            session.add(Note(id=id_, secret=ring.seal(Note.secret, id_, secret)))
    return ids


async def read(sessions: Sessions, caller: Caller, keys: DataKeys) -> list[str]:
    """Every note's secret, the first note first."""
    async with sessions.read(caller) as session:
        ring = await keys.of(session)
        kept = await session.scalars(sa.select(Note).order_by(Note.id))
        return [ring.open(Note.secret, note.id, note.secret) for note in kept]


async def versions(sessions: Sessions, caller: Caller) -> set[str]:
    """Of the keys that something is encrypted by."""
    async with sessions.read(caller) as session:
        return {note.secret.sealed.split(".")[1] for note in await session.scalars(sa.select(Note))}


class TestAValue:
    async def test_is_read_as_it_was_kept_and_never_kept_in_the_clear(
        self, sessions: Sessions, caller: Caller, keys: DataKeys
    ) -> None:
        await keep(sessions, caller, keys, "canary")
        assert await read(sessions, caller, keys) == ["canary"]
        async with sessions.read(caller) as session:
            [row] = (await session.execute(sa.select(sa.type_coerce(Note.secret, sa.Text)))).scalars()
            assert row.startswith("1.1.")
            assert "canary" not in row
            assert "canary" not in repr(await session.scalar(sa.select(Note.secret)))

    async def test_that_nobody_has_encrypted_is_not_kept(self, sessions: Sessions, caller: Caller) -> None:
        async with sessions.read(caller) as session:
            with pytest.raises(StatementError, match="seal the value"):
                await session.execute(sa.insert(Note).values(id=uuid7(), secret="canary"))

    async def test_a_key_opens_for_its_own_tenant_alone(
        self, sessions: Sessions, caller: Caller, other_caller: Caller, keys: DataKeys
    ) -> None:
        await keep(sessions, caller, keys, "canary")
        async with sessions.read(caller) as session:
            [(version, wrapped)] = (await DataKeyStore(session).wrapped()).items()
        assert wrapped
        async with unit_of_work(sessions, other_caller) as session:
            await DataKeyStore(session).add(version, wrapped)
            with pytest.raises(SealBroken):
                await keys.of(session)

    async def test_opens_in_its_own_place_alone(
        self, sessions: Sessions, caller: Caller, other_caller: Caller, keys: DataKeys
    ) -> None:
        [id_] = await keep(sessions, caller, keys, "canary")
        await keep(sessions, other_caller, keys, "another's")
        async with sessions.read(caller) as session:
            ring, secret = await keys.of(session), (await session.get_one(Note, id_)).secret
        async with sessions.read(other_caller) as session:
            others = await keys.of(session)
        for opening, column, row in (
            (ring, Note.address, id_),
            (ring, Note.secret, uuid7()),
            (others, Note.secret, id_),
        ):
            with pytest.raises(SealBroken):
                opening.open(column, row, secret)

    @pytest.mark.parametrize("sealed", ["", "1.1.AAAA", "1.9.AAAA", "2.1.AAAA", "1.x.AAAA", "a.b.c.d"])
    async def test_that_was_made_up_does_not_open(
        self, sessions: Sessions, caller: Caller, keys: DataKeys, sealed: str
    ) -> None:
        [id_] = await keep(sessions, caller, keys, "canary")
        async with sessions.read(caller) as session:
            ring = await keys.of(session)
        with pytest.raises(SealBroken):
            ring.open(Note.secret, id_, Protected(sealed))


class TestRotation:
    @pytest.fixture
    def rotation(self, sessions: Sessions, caller: Caller, keys: DataKeys) -> Rotation:
        """Of the tenant's keys."""
        return Rotation(keys, sessions, caller)

    async def test_values_of_the_old_and_the_new_key_are_read_side_by_side(
        self, sessions: Sessions, caller: Caller, keys: DataKeys, rotation: Rotation
    ) -> None:
        await keep(sessions, caller, keys, "old")
        assert await rotation.begin() == 2
        await keep(sessions, caller, keys, "new")
        assert await read(sessions, caller, keys) == ["old", "new"]
        assert await versions(sessions, caller) == {"1", "2"}

    async def test_all_is_encrypted_anew_some_at_a_time_and_again_after_a_kill(
        self,
        sessions: Sessions,
        caller: Caller,
        keys: DataKeys,
        rotation: Rotation,
        notes: ProtectedTable,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        told = [f"note {number}" for number in range(5)]
        await keep(sessions, caller, keys, *told)
        await rotation.begin()
        async with unit_of_work(sessions, caller) as session:
            done, _ = await rotation.encrypt_some(session, notes, 2)
        assert done == Encrypted(2, 0)
        monkeypatch.setattr("shared.data_keys.rotation.BATCH_BYTES", 1)
        async with unit_of_work(sessions, caller) as session:  # however little fits, it goes on row by row
            done, _ = await rotation.encrypt_some(session, notes, 2)
        assert done == Encrypted(1, 0)
        assert await rotation.encrypt_anew(notes, batch=2) == Encrypted(2, 0)
        assert await rotation.encrypt_anew(notes, batch=2) == Encrypted(0, 0)
        assert await versions(sessions, caller) == {"2"}
        assert await read(sessions, caller, keys) == told

    async def test_what_no_key_opens_holds_up_nothing_else(
        self, sessions: Sessions, caller: Caller, keys: DataKeys, rotation: Rotation, notes: ProtectedTable
    ) -> None:
        [damaged, *_] = await keep(sessions, caller, keys, "damaged", "whole", "sound")
        async with unit_of_work(sessions, caller) as session:
            await session.execute(sa.update(Note).where(Note.id == damaged).values(secret=Protected("1.1.AAAA")))
        await rotation.begin()
        assert await rotation.encrypt_anew(notes, batch=1) == Encrypted(2, 1)
        assert await rotation.retire([notes], now=NOW + 2 * GRACE) == 0

    async def test_what_was_sealed_before_there_were_keys_is_read_and_encrypted_anew(
        self, sessions: Sessions, caller: Caller, notes: ProtectedTable
    ) -> None:
        older, id_ = SecretStr("the secret before"), uuid7()
        keys = DataKeys(LocalMasterKey([SecretStr("m" * 32)]), subgraph="secrets", secrets=[SecretStr("x"), older])
        sealed = Protected(Sealer.create(older, "note-address").seal("home", context=str(id_)))
        async with unit_of_work(sessions, caller) as session:
            ring = await keys.of(session, sealing=True)
            session.add(Note(id=id_, secret=ring.seal(Note.secret, id_, "note"), address=sealed))
        assert ring.open(Note.address, id_, sealed) == "home"
        for column, row in ((Note.secret, id_), (Note.address, uuid7())):
            with pytest.raises(SealBroken):
                ring.open(column, row, sealed)
        assert await Rotation(keys, sessions, caller).encrypt_anew(notes) == Encrypted(1, 0)
        without = DataKeys(LocalMasterKey([SecretStr("m" * 32)]), subgraph="secrets")
        async with sessions.read(caller) as session:
            address = (await session.get_one(Note, id_)).address
            assert address is not None
            assert (await without.of(session)).open(Note.address, id_, address) == "home"

    async def test_a_key_is_dropped_when_nothing_needs_it_and_nobody_can_still_begin_with_it(
        self, sessions: Sessions, caller: Caller, keys: DataKeys, rotation: Rotation, notes: ProtectedTable
    ) -> None:
        await keep(sessions, caller, keys, "note")
        await rotation.begin()
        assert await rotation.retire([notes], now=NOW + 2 * GRACE) == 0
        await rotation.encrypt_anew(notes)
        assert await rotation.retire([notes], now=NOW) == 0
        assert await rotation.retire([notes], now=NOW + 2 * GRACE) == 1
        assert await read(sessions, caller, keys) == ["note"]

    async def test_another_master_key_wraps_what_there_is(
        self, sessions: Sessions, caller: Caller, keys: DataKeys
    ) -> None:
        await keep(sessions, caller, keys, "note")
        newer = LocalMasterKey([SecretStr("n" * 32), SecretStr("m" * 32)])
        rotation = Rotation(DataKeys(newer, subgraph="secrets"), sessions, caller)
        assert (await rotation.rewrap(), await rotation.rewrap()) == (1, 0)
        alone = DataKeys(LocalMasterKey([SecretStr("n" * 32)]), subgraph="secrets")
        assert await read(sessions, caller, alone) == ["note"]


class TestShredding:
    async def test_ends_all_reading_at_once_where_keys_were_open_as_well(
        self, sessions: Sessions, caller: Caller, other_caller: Caller, keys: DataKeys
    ) -> None:
        await keep(sessions, caller, keys, "note")
        await keep(sessions, other_caller, keys, "another's")
        assert await Rotation(keys, sessions, caller).shred() == 1
        with pytest.raises(DataShredded):
            await read(sessions, caller, keys)
        with pytest.raises(DataShredded):
            await keep(sessions, caller, keys, "more")
        assert await read(sessions, other_caller, keys) == ["another's"]

    async def test_leaves_no_key_behind(self, sessions: Sessions, caller: Caller, keys: DataKeys) -> None:
        await keep(sessions, caller, keys, "note")
        await Rotation(keys, sessions, caller).shred()
        async with sessions.read(caller) as session:
            assert await DataKeyStore(session).wrapped() == {1: None}
