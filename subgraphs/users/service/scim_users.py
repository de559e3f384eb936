"""What provisioning clients do with people: they are added, changed, let in no more, and let in again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast
from uuid import UUID

from scim2_models import (
    InvalidValueException,
    Message,
    MutabilityException,
    NotFoundException,
    PatchOp,
    SearchRequest,
    UniquenessException,
)

from shared import checks
from shared.database import TenantSession, unit_of_work
from shared.errors import BadUserInput
from shared.events import record
from shared.roles import Role
from subgraphs.users.events import UserEmailChanged, UserProvisioned, UserUpdated
from subgraphs.users.models import GroupMember, ProvisionedUser, UserStatus
from subgraphs.users.models import User as UserRow
from subgraphs.users.service.deactivation import deactivate, reactivate
from subgraphs.users.service.invitations import readdress
from subgraphs.users.service.scim import (
    Change,
    Directory,
    answer_list,
    check_version,
    list_response,
    one_at_a_time,
    patching,
    read_id,
    replacing,
    wanted_of,
)
from subgraphs.users.service.scim_resources import User, primary_of, shown_user
from subgraphs.users.service.seats import check_seats
from subgraphs.users.service.standing import is_above
from subgraphs.users.store.memberships import MemberStore
from subgraphs.users.store.people import UserStore
from subgraphs.users.store.scim import PersonRow, ProvisionedUserStore

_OWN: Final = frozenset({"id", "meta", "schemas", "externalId", "userName", "groups"})
"""What is not kept as it was said."""
_LONGEST: Final = 200
_MOST_EMAILS: Final = 20


@dataclass(frozen=True, slots=True)
class _Said:
    """A person as a client describes them, checked."""

    user_name: str
    external_id: str | None
    email: str
    display_name: str
    active: bool | None
    attributes: dict[str, Any]

    @property
    def key(self) -> str:
        return self.user_name.lower()


async def list_users(directory: Directory, asked: SearchRequest[User]) -> Message:
    """A page of the people who match a filter, as `asked`."""
    wanted = wanted_of(asked, User)
    async with directory.desk.sessions.read(directory.caller) as session:
        store = ProvisionedUserStore(session)
        total = await store.count(wanted.where)
        rows = await store.page(wanted) if wanted.limit > 1 else list[PersonRow]()
        groups = await MemberStore(session, GroupMember).wholes_of([user.id for user, _ in rows])
    found = [shown_user(directory.base, row, groups.get(row[0].id, ())) for row in rows]
    return list_response(User, answer_list(asked, wanted, found, total))


async def get_user(directory: Directory, id_: str) -> User:
    """A person.

    Raises:
        NotFoundException: there is none of that id, or they were taken away.
    """
    async with directory.desk.sessions.read(directory.caller) as session:
        return await _shown(directory, session, read_id(id_))


async def create_user(directory: Directory, wanted: User) -> User:
    """Add a person, for whom an account is opened; or bring back one whom the directory has taken away.

    Raises:
        UniquenessException: somebody is here already by that name, address or external id.
        InvalidValueException: something said cannot be.
        QuotaExceeded: the tenant has as many people as it may.
    """
    said = _checked(wanted.model_copy(update={"active": True} if wanted.active is None else {}))
    async with unit_of_work(directory.desk.sessions, directory.caller) as session:
        await one_at_a_time(session)
        found = await _alike(session, said)
        gone = [row for row in found if _is_away(row)]
        if len(found) > len(gone) or len(gone) > 1:
            raise UniquenessException(detail="Somebody is here already by that name, address or external id")
        row = gone[0] if gone else await _add(directory, session, said)
        await _write(directory, session, row, said)
        return await _shown(directory, session, row[0].id)


async def replace_user(directory: Directory, id_: str, wanted: User, if_match: str | None) -> User:
    """Make a person what a client says, but for what it does not say of whether they are active.

    Raises:
        NotFoundException, UniquenessException, InvalidValueException, QuotaExceeded: as above.
        PreconditionFailedException: the person has been changed since.
        MutabilityException: the address of whoever looks after the tenant is their own to change.
        LastOwner: nobody else could look after the tenant.
    """
    replaced = replacing(wanted)

    def still_there(present: User) -> User | None:
        if wanted.active is None:
            wanted.active = present.active
        return replaced(present)

    return await _change(directory, id_, if_match, still_there)


async def patch_user(directory: Directory, id_: str, patch: PatchOp[User], if_match: str | None) -> User:
    """Change what is said of a person.

    Raises:
        As above, and SCIMException: an operation cannot be done; then none is.
    """
    return await _change(directory, id_, if_match, patching(patch))


async def delete_user(directory: Directory, id_: str, if_match: str | None) -> None:
    """Take a person away: nobody gets in as them, and clients see them no more. All that is theirs stays.

    Raises:
        NotFoundException, PreconditionFailedException, LastOwner: as above.
    """
    async with unit_of_work(directory.desk.sessions, directory.caller) as session:
        await one_at_a_time(session)
        user, kept = await _locked(session, id_, if_match)
        await deactivate(session, user)
        if kept is None:
            kept = ProvisionedUser(user_id=user.id, user_name=user.email, user_name_key=user.email, attributes={})
        kept.removed_at = datetime.now(UTC)
        await ProvisionedUserStore(session).keep(kept)


async def _change(directory: Directory, id_: str, if_match: str | None, change: Change[User]) -> User:
    async with unit_of_work(directory.desk.sessions, directory.caller) as session:
        await one_at_a_time(session)
        row = await _locked(session, id_, if_match)
        changed = change(await _shown(directory, session, row[0].id))
        if changed is not None:
            said = _checked(changed)
            others = [other for other in await _alike(session, said) if other[0].id != row[0].id]
            if others:
                raise UniquenessException(detail="Somebody else is here by that name, address or external id")
            await _write(directory, session, row, said)
        return await _shown(directory, session, row[0].id)


async def _locked(session: TenantSession, id_: str, if_match: str | None) -> PersonRow:
    row = await ProvisionedUserStore(session).locked(read_id(id_))
    if row is None:
        raise NotFoundException
    check_version(if_match, row[0].version)
    return row


async def _shown(directory: Directory, session: TenantSession, user_id: UUID) -> User:
    row = await ProvisionedUserStore(session).get(user_id)
    if row is None:
        raise NotFoundException
    groups = await MemberStore(session, GroupMember).wholes_of([user_id])
    return shown_user(directory.base, row, groups.get(user_id, ()))


async def _alike(session: TenantSession, said: _Said) -> list[PersonRow]:
    store = ProvisionedUserStore(session)
    return list(await store.alike(user_name_key=said.key, email=said.email, external_id=said.external_id))


def _is_away(row: PersonRow) -> bool:
    user, kept = row
    return kept is not None and kept.removed_at is not None and user.status == UserStatus.DEACTIVATED


async def _add(directory: Directory, session: TenantSession, said: _Said) -> PersonRow:
    user = await UserStore(session).add(
        email=said.email, display_name=said.display_name, role=Role.LEARNER, status=UserStatus.ACTIVE
    )
    if user is None:
        raise UniquenessException
    await check_seats(session, directory.desk.tenants)
    told = UserProvisioned(
        tenant_id=directory.caller.tenant_id,
        user_id=user.id,
        email=user.email,
        role=user.role,
        actor_id=directory.caller.user_id,
    )
    record(session, told)
    return user, None


async def _write(directory: Directory, session: TenantSession, row: PersonRow, said: _Said) -> None:
    """Keep what was said, and do what it means."""
    user, kept = row
    if kept is None:
        kept = ProvisionedUser(user_id=user.id)
    await _take_email(session, user, said.email)
    user.display_name = said.display_name
    kept.user_name, kept.user_name_key, kept.external_id = said.user_name, said.key, said.external_id
    kept.attributes, kept.removed_at = said.attributes, None
    user.version += 1
    await ProvisionedUserStore(session).keep(kept)
    record(session, UserUpdated(tenant_id=directory.caller.tenant_id, user_id=user.id, version=user.version))
    if said.active is False:
        await deactivate(session, user)
    elif said.active is True:
        await reactivate(session, user, directory.desk.tenants)
    await session.flush()


async def _take_email(session: TenantSession, user: UserRow, email: str) -> None:
    if email == user.email:
        return
    if await is_above(session, user):  # whoever reads the mail of an address can set its account's password
        raise MutabilityException(detail="The address of whoever looks after the tenant is their own to change")
    user.email = email
    if user.status == UserStatus.INVITED:
        await readdress(session, user)
    caller = session.caller
    told = UserEmailChanged(tenant_id=caller.tenant_id, user_id=user.id, email=email, actor_id=caller.user_id)
    record(session, told)


def _checked(wanted: User) -> _Said:
    """What a client says of a person, if it can be.

    Raises:
        InvalidValueException: it cannot.
    """
    attributes = wanted.model_dump(exclude_none=True)
    emails = wanted.emails or []
    first = primary_of(emails)
    if first is None or first.value is None or len(emails) > _MOST_EMAILS:
        raise InvalidValueException(detail=f"`emails` must have 1 to {_MOST_EMAILS} addresses")
    if sum(one.primary is True for one in emails) > 1:
        raise InvalidValueException(detail="One of `emails` may be the primary one")
    try:
        user_name = checks.text(wanted.user_name or "", field="userName")
        external_id = None if wanted.external_id is None else checks.text(wanted.external_id, field="externalId")
        email = checks.email_address(first.value, field="emails.value")
        for name, value in _texts(attributes):
            checks.text(value, field=name, longest=1000)
        display_name = checks.text(_called(wanted), field="displayName")
    except BadUserInput as error:
        raise InvalidValueException(detail=error.message) from error
    kept = {name: value for name, value in attributes.items() if name not in _OWN}
    return _Said(user_name, external_id, email, display_name, wanted.active, kept)


def _called(wanted: User) -> str:
    name = wanted.name
    parts = "" if name is None else name.formatted or " ".join(filter(None, (name.given_name, name.family_name)))
    return wanted.display_name or parts or wanted.user_name or ""


def _texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text within, with the name of its attribute."""
    if isinstance(value, dict):
        for key, each in cast("dict[str, Any]", value).items():
            yield from _texts(each, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        for each in cast("list[Any]", value):
            yield from _texts(each, name)
    elif isinstance(value, str):
        yield name, value
