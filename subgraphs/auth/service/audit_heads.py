"""Heads of the audit's chains: signed from time to time, so that a chain that was cut short is found out.

A chain by itself shows entries that were changed or taken out, but not that its last ones are missing. A head says
which was the last entry at some time; it is signed with a key that is in no database. Kept outside the
database as well (`studium audit heads`), heads show even what somebody did who can change all of it.
"""

import hashlib
import hmac
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from pydantic import SecretStr

from shared.crypto import derive_key
from subgraphs.auth.models.audit import Entry, beginning, hash_of
from subgraphs.auth.store.audit_chain import AuditChain, Head

_SEQ_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class HeadSigner:
    """Signs heads, and tells whether it did."""

    key: bytes = field(repr=False)
    earlier: Sequence[bytes] = field(default=(), repr=False)
    """Keys that have signed before."""

    @classmethod
    def create(cls, secret: SecretStr, before: Sequence[SecretStr] = ()) -> "HeadSigner":
        """With a key of its own, derived from the platform's secret; what secrets `before` it signed counts too."""
        return cls(derive_key(secret, "audit-heads"), [derive_key(one, "audit-heads") for one in before])

    def sign(self, tenant_id: UUID, seq: int, hash_: bytes, *, at: datetime) -> Head:
        return Head(tenant_id, seq, hash_, at, self._mac(self.key, tenant_id, seq, hash_, at))

    def signed(self, head: Head) -> bool:
        told = (head.tenant_id, head.seq, head.hash, head.signed_at)
        return any(hmac.compare_digest(head.signature, self._mac(key, *told)) for key in (self.key, *self.earlier))

    @staticmethod
    def _mac(key: bytes, tenant_id: UUID, seq: int, hash_: bytes, at: datetime) -> bytes:
        moment = at.astimezone(UTC).isoformat(timespec="microseconds").encode()
        return hmac.digest(key, tenant_id.bytes + seq.to_bytes(_SEQ_BYTES) + hash_ + moment, hashlib.sha256)


async def sign_head(chain: AuditChain, signer: HeadSigner, tenant_id: UUID, *, now: datetime) -> Head | None:
    """Sign the last entry of a chain; None if it is signed already, or there is none."""
    last = await chain.last()
    if last is None:
        return None
    head = signer.sign(tenant_id, *last, at=now)
    await chain.add(head)
    return head


async def faults(
    tenant_id: UUID, entries: AsyncIterable[Entry], heads: Iterable[Head], signer: HeadSigner
) -> AsyncGenerator[str]:
    """Say all that is wrong with a chain, in the order of its entries.

    Args:
        tenant_id: whose it is.
        entries: all of them, by their numbers.
        heads: of it, from wherever they were kept.
        signer: of the heads.
    """
    wanted: dict[int, list[Head]] = {}
    for head in heads:
        if signer.signed(head):
            wanted.setdefault(head.seq, []).append(head)
        else:
            yield f"head {head.seq} was not signed by this platform"
    seq, previous = 0, beginning(tenant_id)
    async for entry in entries:
        for fault in _of_entry(entry, seq, previous, wanted.pop(entry.seq, ())):
            yield fault
        seq, previous = entry.seq, entry.hash
    for missing in sorted(wanted):
        yield f"entry {missing} is missing, for which a head was signed"


def _of_entry(entry: Entry, seq: int, previous: bytes, heads: Iterable[Head]) -> Iterable[str]:
    """What is wrong with one entry, after the one of number `seq`, whose hash is `previous`."""
    if entry.seq != seq + 1:
        yield f"entries {seq + 1} to {entry.seq - 1} are missing"
    elif entry.previous_hash != previous:
        yield f"entry {entry.seq} does not follow the one before it"
    if hash_of(entry) != entry.hash:
        yield f"entry {entry.seq} was changed"
    if any(head.hash != entry.hash for head in heads):
        yield f"entry {entry.seq} is another one than a head was signed for"
