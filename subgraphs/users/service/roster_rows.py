"""Some rows of a roster, made people: who is meant is looked up for all of them at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias
from uuid import UUID

from shared import checks
from shared.database import TenantSession
from shared.errors import BadUserInput, TenantNotFound
from shared.events import record
from shared.ids import uuid7
from shared.roles import Role
from shared.tenancy.profile import Measure
from shared.tenancy.registry import Registry
from subgraphs.users.events import UserUpdated
from subgraphs.users.models import CustomFieldDefinition, ImportJob, OrgUnit, User, UserStatus
from subgraphs.users.service import custom_fields, org_units, people
from subgraphs.users.service.invitations import INVITATION_LIFETIME, readdress, send_invitation
from subgraphs.users.service.roster_files import EMAIL, EXTERNAL_ID, FIELD_PREFIX, Roster, RosterRow
from subgraphs.users.service.sealed_fields import SealedFields
from subgraphs.users.service.seats import tell_quota_reached
from subgraphs.users.store.custom_fields import CustomFieldStore
from subgraphs.users.store.invitations import InvitationStore
from subgraphs.users.store.org_units import OrgUnitStore
from subgraphs.users.store.people import UserStore
from subgraphs.users.store.rosters import RosterStore
from subgraphs.users.store.seats import SeatStore

UNMAILED_LIFETIME: Final = timedelta(days=365)
"""Of an invitation that says what somebody will be who signs in by an identity provider, some day of the year."""
_MOST_UNITS: Final = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a row, or with one of its cells."""

    column: str | None
    code: str
    message: str


class RowRefused(Exception):
    """A row is not imported."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__()
        self.problems = problems


class Done(StrEnum):
    """What came of a row; by the names of a job's counts."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


Outcome: TypeAlias = Done | Sequence[Problem]


@dataclass(slots=True)
class _Wanted:
    """What a row says, checked."""

    external_id: str = ""
    email: str = ""
    display_name: str | None = None
    role: Role | None = None
    locale: str | None = None
    time_zone: str | None = None
    units: list[OrgUnit] = field(default_factory=list[OrgUnit])
    fields: dict[str, str] = field(default_factory=dict[str, str])


class ImportedRows:
    """Takes rows of one job, in one transaction."""

    def __init__(
        self, session: TenantSession, tenants: Registry, job: ImportJob, roster: Roster, sealed: SealedFields
    ) -> None:
        self._session = session
        self._sealed = sealed
        self._tenants = tenants
        self._job = job
        self._source = job.source
        self._repeated = roster.repeated
        self._by_external: Mapping[str, User] = {}
        self._by_email: Mapping[str, User] = {}
        self._known: set[UUID] = set()
        self._units: Mapping[str, OrgUnit] = {}
        self._definitions: Mapping[str, CustomFieldDefinition] = {}
        self._members: set[tuple[UUID, UUID]] = set()
        self._joining: dict[UUID, list[UUID]] = {}
        self._most: int | None = None
        self._free: int | None = None

    async def take(self, rows: Sequence[RosterRow]) -> list[Outcome]:
        """What came of each."""
        await self._look_up(rows)
        outcomes = [await self._outcome(row) for row in rows]
        for unit_id, user_ids in self._joining.items():
            await org_units.set_members(self._session, unit_id, user_ids, add=True)
        if self._most is not None and self._free == 0 and Done.CREATED in outcomes:
            await tell_quota_reached(self._session, Measure.USERS.value, self._most, self._most)
        return outcomes

    async def _look_up(self, rows: Sequence[RosterRow]) -> None:
        session, store = self._session, RosterStore(self._session)
        ids = [row.cells[EXTERNAL_ID] for row in rows if EXTERNAL_ID in row.cells]
        emails = [row.cells[EMAIL].lower() for row in rows if EMAIL in row.cells]
        codes = {code for row in rows for code in _codes(row)}
        self._by_external = await store.by_external_ids(self._source, ids)
        self._by_email = await UserStore(session).by_emails(emails)
        people = [user.id for user in (*self._by_external.values(), *self._by_email.values())]
        self._known = await store.known_to(self._source, people)
        self._units = await OrgUnitStore(session).by_codes(sorted(codes))
        self._members = await store.members([unit.id for unit in self._units.values()], people)
        self._definitions = await CustomFieldStore(session).by_key()
        self._free = await self._seats()

    async def _seats(self) -> int | None:
        """How many people the tenant may still have; None for any number. A dry run has used up what it would add."""
        record = await self._tenants.by_id(self._session.caller.tenant_id)
        if record is None:
            raise TenantNotFound
        if record.quotas.users is None:
            return None
        self._most, taken = record.quotas.users, await SeatStore(self._session).taken()
        return self._most - taken - (self._job.created if self._job.dry_run else 0)

    async def _outcome(self, row: RosterRow) -> Outcome:
        if not row.complete:
            return [Problem(None, "CELLS_MISSING", "The row has not as many cells as there are columns")]
        if row.line in self._repeated:
            return [Problem(None, "ROW_REPEATED", "A row before it has the identifier or the address")]
        try:
            wanted = self._checked(row)
            user = self._by_external.get(wanted.external_id) or self._by_email.get(wanted.email)
            async with self._session.begin_nested():
                return await (self._add(wanted) if user is None else self._change(user, wanted))
        except RowRefused as refused:
            return refused.problems

    def _checked(self, row: RosterRow) -> _Wanted:
        """What the row says.

        Raises:
            RowRefused: some of its cells cannot be so; all of them are told.
        """
        wanted, problems = _Wanted(), list[Problem]()
        for column in (EXTERNAL_ID, EMAIL):
            if column not in row.cells:
                problems.append(Problem(column, "CELL_EMPTY", f"`{column}` must not be empty"))
        for column, cell in row.cells.items():
            try:
                self._read(wanted, column, cell)
            except BadUserInput as error:
                problems.append(Problem(column, error.code, error.message))
        if problems:
            raise RowRefused(*problems)
        return wanted

    def _read(self, wanted: _Wanted, column: str, cell: str) -> None:
        match column:
            case "external_id":
                wanted.external_id = checks.text(cell, field=column)
            case "email":
                wanted.email = checks.email_address(cell)
            case "display_name":
                wanted.display_name = checks.text(cell, field=column)
            case "role":
                wanted.role = _role(cell)
            case "locale":
                wanted.locale = people.locale(cell)
            case "time_zone":
                wanted.time_zone = people.time_zone(cell, field=column)
            case "org_units":
                wanted.units = self._named_units(cell)
            case _ if column.startswith(FIELD_PREFIX):
                key = column.removeprefix(FIELD_PREFIX)
                custom_fields.merged({}, {key: cell}, self._definitions, by_self=False)
                wanted.fields[key] = cell
            case _:
                pass

    def _named_units(self, cell: str) -> list[OrgUnit]:
        codes = _split(cell)
        if missing := [code for code in codes if code not in self._units]:
            raise BadUserInput(f"There is no org unit with the code `{missing[0][:40]}`", field="org_units")
        if len(codes) > _MOST_UNITS:
            raise BadUserInput(f"`org_units` must have at most {_MOST_UNITS} codes", field="org_units")
        return [self._units[code] for code in codes]

    async def _add(self, wanted: _Wanted) -> Done:
        if self._free is not None and self._free <= 0:
            raise RowRefused(Problem(None, "QUOTA_EXCEEDED", "The tenant has as many people as it may"))
        role, id_ = wanted.role or Role(self._job.role), uuid7()
        fields = custom_fields.merged({}, wanted.fields, self._definitions, by_self=False)
        user = await UserStore(self._session).add(
            id=id_,
            email=wanted.email,
            display_name=wanted.display_name or wanted.email.partition("@")[0],
            role=role,
            status=UserStatus.INVITED,
            sealed_custom_fields=self._sealed.sealed(id_, fields),
            **{name: value for name in ("locale", "time_zone") if (value := getattr(wanted, name)) is not None},
        )
        if user is None:
            raise RowRefused(Problem(EMAIL, "EMAIL_TAKEN", "Somebody has come with this address just now"))
        await self._name(user, wanted)
        lifetime = INVITATION_LIFETIME if self._job.invite else UNMAILED_LIFETIME
        expires_at = datetime.now(UTC) + lifetime
        await send_invitation(self._session, user, role, self._job.id, expires_at, mailed=self._job.invite)
        self._join(user, wanted.units)
        if self._free is not None:
            self._free -= 1
        return Done.CREATED

    async def _change(self, user: User, wanted: _Wanted) -> Done:
        self._refuse_fixed(user, wanted)
        named = user.id not in self._known
        if named:
            await self._name(user, wanted)
        values = {
            "email": wanted.email,
            "display_name": wanted.display_name or user.display_name,
            "locale": wanted.locale or user.locale,
            "time_zone": wanted.time_zone or user.time_zone,
        }
        changed = {name: value for name, value in values.items() if value != getattr(user, name)}
        if "email" in changed:
            await self._refuse_address(user, wanted)
        for name, value in changed.items():
            setattr(user, name, value)
        named |= self._set_fields(user, wanted)
        if "email" in changed:
            await readdress(self._session, user)
        joined = self._join(user, wanted.units)
        if changed or named:
            user.version += 1
            tenant_id = self._session.caller.tenant_id
            record(self._session, UserUpdated(tenant_id=tenant_id, user_id=user.id, version=user.version))
        return Done.UPDATED if changed or named or joined else Done.UNCHANGED

    def _set_fields(self, user: User, wanted: _Wanted) -> bool:
        """Whether somebody has other values now in the tenant's own fields."""
        before = self._sealed.of(user)
        after = custom_fields.merged(before, wanted.fields, self._definitions, by_self=False)
        if after == before:
            return False
        self._sealed.set(user, after)
        return True

    def _refuse_fixed(self, user: User, wanted: _Wanted) -> None:
        """A roster changes nothing of how somebody signs in, or of what they may do."""
        if user.status not in {UserStatus.ACTIVE, UserStatus.INVITED}:
            raise RowRefused(Problem(None, "PERSON_DEACTIVATED", "The person is deactivated"))
        if wanted.role is not None and wanted.role != user.role:
            raise RowRefused(Problem("role", "ROLE_FIXED", "The person has another role; assign or revoke roles"))
        holder = self._by_email.get(wanted.email)
        if holder is not None and holder.id != user.id:
            raise RowRefused(Problem(EMAIL, "EMAIL_TAKEN", "Somebody else has this address"))
        if user.email != wanted.email and user.status != UserStatus.INVITED:
            raise RowRefused(Problem(EMAIL, "EMAIL_FIXED", "The person signs in with another address"))
        if wanted.external_id not in self._by_external and user.id in self._known:
            raise RowRefused(
                Problem(EXTERNAL_ID, "EXTERNAL_ID_TAKEN", "The roster's system calls the person otherwise")
            )

    async def _refuse_address(self, user: User, wanted: _Wanted) -> None:
        """Whoever reads the mail of an invited person can be what they are invited as.

        So that is a learner or, since whoever submitted the roster may give the roles that it names, what the row says.
        """
        invited = {one.role for one in await InvitationStore(self._session).all_open_of(user.id)}
        if not invited | {user.role} <= {Role.LEARNER, wanted.role}:
            raise RowRefused(Problem(EMAIL, "EMAIL_FIXED", "The person is invited as more than a learner"))

    async def _name(self, user: User, wanted: _Wanted) -> None:
        if not await RosterStore(self._session).add_external_id(user.id, self._source, wanted.external_id):
            raise RowRefused(Problem(EXTERNAL_ID, "EXTERNAL_ID_TAKEN", "Somebody else is called so"))

    def _join(self, user: User, units: Sequence[OrgUnit]) -> bool:
        new = [unit for unit in units if (unit.id, user.id) not in self._members]
        for unit in new:
            self._joining.setdefault(unit.id, []).append(user.id)
        return bool(new)


def _role(cell: str) -> Role:
    try:
        return Role(cell.upper())
    except ValueError:
        raise BadUserInput("`role` must be LEARNER or INSTRUCTOR", field="role") from None


def _codes(row: RosterRow) -> list[str]:
    return _split(row.cells.get("org_units", ""))


def _split(cell: str) -> list[str]:
    """Codes with bars between them, since the other signs may delimit the cells."""
    return list(dict.fromkeys(code for part in cell.split("|") if (code := part.strip())))
