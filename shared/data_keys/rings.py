"""A tenant's data keys, opened: what seals and opens the values of its encrypted columns."""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from uuid import UUID

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr
from sqlalchemy.orm import QueryableAttribute

from shared.crypto import SealBroken, Sealer
from shared.data_keys.columns import Protected, ProtectedText, row_id
from shared.data_keys.master import DATA_KEY_BYTES, MasterKey
from shared.data_keys.store import FORMAT, DataKeyStore
from shared.database import TenantSession
from shared.errors import DomainError

ColumnOf: TypeAlias = QueryableAttribute[Any] | sa.Column[Any]

_NONCE_BYTES: Final = 12
_MOST_OPENED: Final = 2_000


class DataShredded(DomainError):
    code = "DATA_SHREDDED"
    default_message = "This was erased for good"


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The data keys of one tenant in one subgraph."""

    place: str
    """What they belong to: associated data of all that they encrypt."""
    keys: Mapping[int, bytes] = field(repr=False)
    """By version."""
    shredded: frozenset[int] = frozenset()
    secrets: Sequence[SecretStr] = ()
    """That what is not encrypted by a data key yet was sealed with, the newest first; see `ProtectedText`."""

    @property
    def newest(self) -> int:
        """The version that seals.

        Raises:
            DataShredded: the tenant has no keys any more.
        """
        if not self.keys:
            raise DataShredded
        return max(self.keys)

    def seal(self, column: ColumnOf, row: UUID | bytes | str, text: str) -> Protected:
        """Encrypt a value of `column` in `row` (its primary key) with the newest key: AES-256-GCM.

        Raises:
            DataShredded: the tenant has no keys any more.
        """
        version, nonce = self.newest, os.urandom(_NONCE_BYTES)
        ciphertext = AESGCM(self.keys[version]).encrypt(nonce, text.encode(), self._about(column, row))
        return Protected(f"{FORMAT}.{version}.{urlsafe_b64encode(nonce + ciphertext).decode()}")

    def open(self, column: ColumnOf, row: UUID | bytes | str, protected: Protected) -> str:
        """Decrypt it.

        Raises:
            DataShredded: its key was destroyed.
            SealBroken: it was changed, or belongs to another tenant, column or row.
        """
        if "." not in protected.sealed:
            return self._open_earlier(column, row, protected)
        try:
            format_, version, encoded = protected.sealed.split(".")
            if format_ != FORMAT:
                raise SealBroken
            if int(version) in self.shredded:
                raise DataShredded
            raw, about = urlsafe_b64decode(encoded), self._about(column, row)
            return AESGCM(self.keys[int(version)]).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], about).decode()
        except (InvalidTag, Base64Error, ValueError, KeyError) as error:
            raise SealBroken from error

    def _open_earlier(self, column: ColumnOf, row: UUID | bytes | str, protected: Protected) -> str:
        purpose = column.type.earlier if isinstance(column.type, ProtectedText) else None
        if purpose is not None:
            for secret in self.secrets:
                with suppress(SealBroken):
                    return Sealer.create(secret, purpose).open(protected.sealed, context=row_id(row))
        raise SealBroken

    def _about(self, column: ColumnOf, row: UUID | bytes | str) -> bytes:
        table = column.table if isinstance(column, sa.Column) else column.class_.__table__
        return f"{self.place}/{table.name}/{column.key}/{row_id(row)}".encode()


class DataKeys:
    """Opens the key rings of tenants. Opened keys are remembered by what they are wrapped in, a bounded number."""

    def __init__(self, master: MasterKey, *, subgraph: str, secrets: Sequence[SecretStr] = ()) -> None:
        """Open nothing yet.

        Args:
            master: wraps the keys.
            subgraph: whose they are.
            secrets: that values may be sealed with which no data key encrypts yet, the newest first.
        """
        self.master = master
        self._secrets = tuple(secrets)
        self._subgraph = subgraph
        self._opened: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    def place(self, session: TenantSession) -> str:
        return f"{session.caller.tenant_id}/{self._subgraph}"

    async def of(self, session: TenantSession, *, sealing: bool = False) -> KeyRing:
        """The ring of the session's tenant.

        The rows are read each time, so that what was shredded is not opened any more from then on.

        Args:
            session: of the tenant.
            sealing: make the first key if there is none, so that something can be sealed; the session may write.

        Raises:
            Unavailable: whoever holds the master key does not answer.
        """
        store, place = DataKeyStore(session), self.place(session)
        wrapped = await store.wrapped()
        if sealing and not wrapped:
            await store.add(1, await self.master.wrap(os.urandom(DATA_KEY_BYTES), place=place))
            wrapped = await store.wrapped()
        held = {version: await self._open(one, place) for version, one in wrapped.items() if one is not None}
        return KeyRing(place, held, frozenset(wrapped.keys() - held.keys()), self._secrets)

    async def _open(self, wrapped: str, place: str) -> bytes:
        known = self._opened.get((place, wrapped))
        if known is None:
            known = self._opened[place, wrapped] = await self.master.unwrap(wrapped, place=place)
            if len(self._opened) > _MOST_OPENED:
                self._opened.popitem(last=False)
        return known
