"""Domains that tenants have proven to be theirs, by a TXT record that only who runs the domain can set.

Any tenant may try any domain, so a challenge says nothing of who else has one; only one can have it verified.
"""

import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

import dns.asyncresolver
import dns.exception
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.caller import Caller, TenantId
from shared.errors import BadUserInput, Refusal
from shared.tenancy.names import CONTROL_SCHEMA
from shared.tenancy.registry import Registry

LookUpTxt: TypeAlias = Callable[[str], Awaitable[Sequence[str]]]
"""The texts of a name's TXT records; none if there is no such name or nobody answers."""

MOST_DOMAINS: Final = 20
_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST: Final = 230
"""So that the name of the challenge has at most 253 characters, too."""
_LOOKUP_SECONDS: Final = 5.0
_domains: Final = sa.Table(
    "tenant_domain",
    sa.MetaData(schema=CONTROL_SCHEMA),
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("domain", sa.Text, primary_key=True),
    sa.Column("challenge", sa.Text, nullable=False),
    sa.Column("verified_at", sa.DateTime(timezone=True)),
)


class DomainTaken(Refusal):
    code = "DOMAIN_TAKEN"
    default_message = "Another tenant has this domain verified"


class TooManyDomains(Refusal):
    code = "TOO_MANY_DOMAINS"
    default_message = f"A tenant may have {MOST_DOMAINS} domains"


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain of a tenant; verified once `verified_at` is set."""

    tenant_id: TenantId
    domain: str
    challenge: str
    verified_at: datetime | None

    @property
    def record_name(self) -> str:
        """Of the TXT record."""
        return f"_studium-challenge.{self.domain}"

    @property
    def record_value(self) -> str:
        return f"studium-domain-verification={self.challenge}"


def domain_name(value: str, *, field: str = "domain") -> str:
    """A domain of two labels or more, in small letters; other scripts' as IDNA writes them (RFC 3490)."""
    refusal = BadUserInput(f"`{field}` is not a domain like school.example", field=field)
    try:
        name = value.strip().rstrip(".").lower().encode("idna").decode()
    except UnicodeError:
        raise refusal from None
    labels = name.split(".")
    fits = len(name) <= _LONGEST and len(labels) > 1 and all(_LABEL.fullmatch(each) for each in labels)
    if not fits or labels[-1].isdigit():
        raise refusal
    return name


async def look_up_txt(name: str) -> Sequence[str]:
    """See `LookUpTxt`; asks the resolver of this machine."""
    try:
        answer = await dns.asyncresolver.resolve(name, "TXT", lifetime=_LOOKUP_SECONDS)
    except dns.exception.DNSException:
        return ()
    records: Iterable[bytes] = (b"".join(record.strings) for record in answer)
    return [record.decode("ascii", "replace") for record in records]


class DomainRegistry:
    """The domains of the caller's tenant, in the control database."""

    def __init__(self, registry: Registry, look_up: LookUpTxt = look_up_txt) -> None:
        self._registry = registry
        self._look_up = look_up

    async def all(self, caller: Caller) -> list[Domain]:
        """By name."""
        async with self._registry.acting_for(caller) as connection:
            return await _of(connection, caller)

    async def verify(self, caller: Caller, name: str) -> Domain:
        """Look whether the proof is there; a domain that is asked about first gets its challenge.

        Raises:
            DomainTaken: the proof is there, and another tenant has the domain.
            TooManyDomains: the tenant has as many as it may.
        """
        found = await self._challenged(caller, name)
        if found.verified_at is not None or found.record_value not in await self._look_up(found.record_name):
            return found
        mine = sa.and_(_domains.c.tenant_id == caller.tenant_id, _domains.c.domain == name)
        try:
            async with self._registry.acting_for(caller) as connection:
                await connection.execute(sa.update(_domains).where(mine).values(verified_at=sa.func.now()))
                return await _one(connection, mine)
        except IntegrityError as error:
            raise DomainTaken(path=("input", "domain")) from error

    async def remove(self, caller: Caller, name: str) -> None:
        """Give a domain up. Safe to repeat."""
        mine = sa.and_(_domains.c.tenant_id == caller.tenant_id, _domains.c.domain == name)
        async with self._registry.acting_for(caller) as connection:
            await connection.execute(sa.delete(_domains).where(mine))

    async def _challenged(self, caller: Caller, name: str) -> Domain:
        async with self._registry.acting_for(caller) as connection:
            known = await _of(connection, caller)
            if len(known) >= MOST_DOMAINS and name not in {each.domain for each in known}:
                raise TooManyDomains
            row = {"tenant_id": caller.tenant_id, "domain": name, "challenge": secrets.token_urlsafe(32)}
            await connection.execute(insert(_domains).values(row).on_conflict_do_nothing())
            return await _one(connection, sa.and_(_domains.c.tenant_id == caller.tenant_id, _domains.c.domain == name))


async def _of(connection: AsyncConnection, caller: Caller) -> list[Domain]:
    mine = sa.select(_domains).where(_domains.c.tenant_id == caller.tenant_id).order_by(_domains.c.domain)
    return [Domain(TenantId(row.tenant_id), *row[1:]) for row in await connection.execute(mine)]


async def _one(connection: AsyncConnection, condition: sa.ColumnElement[bool]) -> Domain:
    row = (await connection.execute(sa.select(_domains).where(condition))).one()
    return Domain(TenantId(row.tenant_id), row.domain, row.challenge, row.verified_at)
