"""What a tenant's own people can settle of it, and when it is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from shared import checks
from shared.caller import Caller
from shared.crypto import IdSigner
from shared.database import Sessions, TenantSession, unit_of_work
from shared.errors import BadUserInput, Refusal
from shared.events import record
from shared.idempotency import Attempt, once
from shared.tenancy.contrast import READABLE, color, contrast
from shared.tenancy.domains import Domain, DomainRegistry
from shared.tenancy.jobs import JobBoard
from shared.tenancy.own_record import Alter, change_own
from shared.tenancy.profile import Branding
from shared.tenancy.registry import Registry, TenantRecord
from subgraphs.auth.events import TenantSettled
from subgraphs.auth.service import audit
from subgraphs.auth.service.tenant_exports import ExportLinks

MANAGE: Final = "tenant:manage"
_LONGEST_URL: Final = 2_048
_PAIRS: Final = (("primary_color", "on_primary_color"), ("background_color", "text_color"))


class ContrastTooLow(Refusal):
    code = "CONTRAST_TOO_LOW"
    default_message = f"Text in these colours cannot be read: their contrast is less than {READABLE}"


class SenderNotVerified(Refusal):
    code = "SENDER_NOT_VERIFIED"
    default_message = "Verify the domain of the sender's address first"


@dataclass(frozen=True, slots=True)
class TenantDesk:
    """What changing a tenant needs: its audit and events are in its own schema, its record in the registry."""

    sessions: Sessions
    tenants: Registry
    domains: DomainRegistry
    resuming: IdSigner
    """Makes the codes that take back that the tenant was closed."""
    exports: ExportLinks
    """To archives of the tenant."""

    @property
    def board(self) -> JobBoard:
        """What is ordered for the tenant."""
        return JobBoard(self.tenants)


@dataclass(frozen=True, slots=True)
class Settling:
    """A change of the record: what it is called, and of which version the record is thought to be."""

    attempt: Attempt
    settings: tuple[str, ...]
    """What it is about, for those who are told."""
    expected_version: int | None = None


async def settle(desk: TenantDesk, caller: Caller, settling: Settling, alter: Alter) -> TenantRecord:
    """Change the record of the caller's tenant once, and tell of it.

    The registry is another database than the tenant's, so it is changed last, before the commit: a crash between the
    two leaves the record changed and the client without an answer, and its repetition does the same again.

    Raises:
        Forbidden: the caller may not manage the tenant.
        VersionConflict: the record is of another version than expected.
    """
    caller.require(MANAGE)

    async with unit_of_work(desk.sessions, caller) as session:

        async def perform() -> UUID:
            settled = TenantSettled(tenant_id=caller.tenant_id, settings=settling.settings)
            record(session, settled)
            changed = await _change(desk, session, settling, alter)
            return changed.id

        await once(session, settling.attempt, perform)
    found = await desk.tenants.by_id(caller.tenant_id)
    if found is None:
        raise AssertionError(caller.tenant_id)
    return found


async def _change(desk: TenantDesk, session: TenantSession, settling: Settling, alter: Alter) -> TenantRecord:
    before: list[Mapping[str, Any]] = []

    def altered(found: TenantRecord) -> Mapping[str, Any]:
        values = alter(found)
        before[:] = [{name: _shown(found, name) for name in values}]
        return values

    changed = await change_own(desk.tenants, session.caller, altered, expected_version=settling.expected_version)
    changes = [audit.Change(name, was, now) for name, was in before[0].items() if (now := _shown(changed, name)) != was]
    audit.describe(session, audit.Subject("Tenant", changed.id), changes=changes)
    return changed


def _shown(found: TenantRecord, column: str) -> str:
    """A column's value as text."""
    value = found.own_quotas if column == "quotas" else getattr(found, column)
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def renamed(name: str) -> Alter:
    """The record under another name."""
    return lambda _: {"name": name}


async def brand(desk: TenantDesk, caller: Caller, settling: Settling, branding: Branding) -> TenantRecord:
    """Settle how the tenant shows itself, instead of what was settled before.

    Raises:
        ContrastTooLow: text could not be read.
        SenderNotVerified: mail would come from a domain that is not known to be the tenant's.
        Forbidden, VersionConflict: see `settle`.
    """
    caller.require(MANAGE)
    if branding.sender_address is not None:
        _check_sender(branding.sender_address, await desk.domains.all(caller))
    return await settle(desk, caller, settling, lambda _: {"branding": msgspec.to_builtins(branding)})


def checked_branding(given: Branding) -> Branding:
    """A branding in the form it is kept.

    Raises:
        BadUserInput: a value is not what it should be, or a colour is given without the one that belongs to it.
        ContrastTooLow: text could not be read.
    """
    colors = {one: _color(given, one) for pair in _PAIRS for one in pair}
    for one, other in _PAIRS:
        _check_pair(one, colors[one], other, colors[other])
    return Branding(
        logo_url=None if given.logo_url is None else _logo(given.logo_url),
        sender_name=None if given.sender_name is None else checks.text(given.sender_name, field="senderName"),
        sender_address=_address(given.sender_address),
        **colors,
    )


def _color(given: Branding, name: str) -> str | None:
    value: str | None = getattr(given, name)
    return None if value is None else color(value, field=_field(name))


def _check_pair(one: str, value: str | None, other: str, other_value: str | None) -> None:
    if (value is None) != (other_value is None):
        raise BadUserInput(f"`{_field(one)}` and `{_field(other)}` belong together", field=_field(one))
    if value is not None and other_value is not None and contrast(value, other_value) < READABLE:
        raise ContrastTooLow(path=("input", _field(one)))


def _field(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(each.title() for each in others)


def _address(value: str | None) -> str | None:
    return None if value is None else checks.email_address(value, field="senderAddress")


def _logo(value: str) -> str:
    """An address that browsers load; the platform itself never does."""
    refusal = BadUserInput("`logoUrl` is not an address like https://school.example/logo.svg", field="logoUrl")
    text = checks.text(value, field="logoUrl", longest=_LONGEST_URL)
    try:
        parts = urlsplit(text)
        known = parts.scheme == "https" and bool(parts.hostname) and parts.username is None
    except ValueError:
        raise refusal from None
    if not known or any(character.isspace() or character in "\"'<>\\" for character in text):
        raise refusal
    return text


def _check_sender(address: str, domains: Sequence[Domain]) -> None:
    domain = address.rpartition("@")[2].encode("idna").decode()
    if domain not in {each.domain for each in domains if each.verified_at is not None}:
        raise SenderNotVerified(path=("input", "senderAddress"))


async def verify_domain(desk: TenantDesk, caller: Caller, name: str, attempt: Attempt) -> Domain:
    """Look whether the tenant has proven that a domain is its own; the first time, tell it how to.

    Each sending looks again, so it needs no key of idempotency to be safe to repeat.

    Raises:
        Forbidden: the caller may not manage the tenant.
        DomainTaken: another tenant has it.
    """
    caller.require(MANAGE)
    known = {each.domain for each in await desk.domains.all(caller) if each.verified_at is not None}
    domain = await desk.domains.verify(caller, name)
    if domain.verified_at is not None and name not in known:
        await _tell_of_domain(desk, caller, name, attempt)
    return domain


async def remove_domain(desk: TenantDesk, caller: Caller, name: str, attempt: Attempt) -> None:
    """Give a domain up; mail is sent in its name no more. Safe to repeat.

    Raises:
        Forbidden: the caller may not manage the tenant.
        SenderNotVerified: mail is sent in its name: change the branding first.
    """
    caller.require(MANAGE)
    found = await desk.tenants.by_id(caller.tenant_id)
    kept = [each for each in await desk.domains.all(caller) if each.domain != name]
    if found is not None and found.branding.sender_address is not None:
        _check_sender(found.branding.sender_address, kept)
    await desk.domains.remove(caller, name)
    await _tell_of_domain(desk, caller, name, attempt)


async def _tell_of_domain(desk: TenantDesk, caller: Caller, name: str, attempt: Attempt) -> None:
    async with unit_of_work(desk.sessions, caller) as session:

        async def perform() -> UUID:
            audit.describe(session, audit.Subject("TenantDomain", name))
            record(session, TenantSettled(tenant_id=caller.tenant_id, settings=("domains",)))
            return caller.tenant_id

        await once(session, attempt, perform)
