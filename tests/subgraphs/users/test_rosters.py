"""Rosters: imported row by row, told again without effect, refused by line and column, and resumed after a kill."""

import csv
import io
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

import pytest
import sqlalchemy as sa

from shared.caller import Caller
from shared.data_keys import DataKeys
from shared.database import Sessions, unit_of_work
from shared.events.outbox import OutboxRow
from shared.graphql.app import SubgraphApp
from shared.tenancy.names import CONTROL_DATABASE
from shared.tenancy.registry import Registry, tenants
from subgraphs.users.consumers import RosterSubmitted, importing
from subgraphs.users.errors import RosterInvalid
from subgraphs.users.events import QuotaReached
from subgraphs.users.models import CustomFieldKind, ImportJob, Invitation, OrgUnit, User
from subgraphs.users.service import rosters
from subgraphs.users.service.forgetting import forget_old
from subgraphs.users.service.roster_files import MAX_BYTES, MAX_ROWS, read_roster
from subgraphs.users.service.sealed_fields import SealedFields
from subgraphs.users.store.custom_fields import CustomFieldStore
from tests.registry import restored
from tests.subgraphs.conftest import Ask, SignIn, code_of
from tests.subgraphs.users.conftest import AddUser
from tests.tenants import Control, Tenant

_JOB = """{
  id state total done created updated unchanged failed cursor
  rowErrors { edges { node { line column code } } }
}"""
IMPORT = f"""mutation ($input: ImportRosterInput!) {{
  importRoster(input: $input) {{ importJob {_JOB} userErrors {{ code path }} }}
}}"""
JOB = f"query ($id: ID!) {{ importJob(id: $id) {_JOB} }}"
ERRORS = "query ($id: ID!) { importErrorsCsv(id: $id) }"
CANCEL = """mutation ($input: CancelImportInput!) {
  cancelImport(input: $input) { importJob { state done total version completedAt } userErrors { code } }
}"""
FOLLOW = "subscription ($id: ID!) { importJobUpdated(id: $id) { state done } }"
BAD = "BAD_USER_INPUT"
COUNTS = ("created", "updated", "unchanged", "failed")

Import: TypeAlias = Callable[..., Awaitable[dict[str, Any]]]
Work: TypeAlias = Callable[..., Awaitable[None]]


@pytest.fixture
def manager(tenant: Tenant) -> Caller:
    """Whoever imports people."""
    return tenant.caller("users:manage", "users:invite", "users:read")


@pytest.fixture
async def work(control: Control, sessions: Sessions, tenant: Tenant, keys: DataKeys) -> AsyncGenerator[Work]:
    """Do what the worker is told, until nothing more is told."""
    registry = Registry.create(control.login_url("users"))
    handle = importing(keys, registry)["users.roster-submitted.v1"].handle
    heard = sa.select(OutboxRow).where(OutboxRow.topic == "users.roster-submitted.v1").order_by(OutboxRow.seq)

    async def step(*, times: int = 100, twice: bool = False) -> None:
        done = 0
        async with sessions.read(tenant.caller()) as session:
            rows = list(await session.scalars(heard))
        while done < len(rows) and done < times:
            payload = rows[done].payload
            event = RosterSubmitted(tenant.id, UUID(payload["job_id"]), payload["row"])
            for _ in range(1 + twice):
                async with unit_of_work(sessions, tenant.caller()) as session:
                    await handle(session, event)
            done += 1
            async with sessions.read(tenant.caller()) as session:
                rows = list(await session.scalars(heard))

    yield step
    await registry.aclose()


@pytest.fixture
def take(ask: Ask, manager: Caller, work: Work) -> Import:
    """Import a roster to its end; returns the job."""

    async def submit(text: str, **options: Any) -> dict[str, Any]:
        answer = await ask(IMPORT, {"input": {"csv": text, "source": "sis", **options}}, by=manager)
        payload = answer["data"]["importRoster"]
        if payload["userErrors"]:
            return payload
        await work()
        return (await ask(JOB, {"id": payload["importJob"]["id"]}, by=manager))["data"]["importJob"]

    return submit


def counts(job: dict[str, Any]) -> tuple[int, ...]:
    """How many rows were created, updated, unchanged, failed."""
    return tuple(job[name] for name in COUNTS)


def problems(job: dict[str, Any]) -> list[tuple[int, str | None, str]]:
    """Line, column and code of what was refused."""
    return [tuple(edge["node"].values()) for edge in job["rowErrors"]["edges"]]


async def everybody(sessions: Sessions, tenant: Tenant) -> dict[str, User]:
    """The tenant's people by address."""
    async with sessions.read(tenant.caller()) as session:
        return {user.email: user for user in await session.scalars(sa.select(User))}


class TestRows:
    async def test_add_people_once_and_change_them_after(
        self, take: Import, sessions: Sessions, tenant: Tenant
    ) -> None:
        async with unit_of_work(sessions, tenant.caller()) as session:
            session.add(OrgUnit(name="Ten", code="10A"))
        text = (
            "external_id;email;display_name;time_zone;org_units\r\n"
            "1;Ada@Example.org;'=Ada;Europe/Lisbon;10A\r\n2;bob@example.org;;;\r\n"
        )
        assert counts(await take(text)) == (2, 0, 0, 0)
        found = await everybody(sessions, tenant)
        ada = found["ada@example.org"]
        assert (ada.display_name, ada.time_zone, ada.status, ada.role) == (
            "=Ada",
            "Europe/Lisbon",
            "INVITED",
            "LEARNER",
        )
        assert found["bob@example.org"].display_name == "bob"
        assert counts(await take(text)) == (0, 0, 2, 0)
        renamed = "external_id,email,display_name\n1,ada@lovelace.org,Augusta\n2,bob@example.org,bob\n"
        assert counts(await take(renamed)) == (0, 1, 1, 0)
        assert (await everybody(sessions, tenant))["ada@lovelace.org"].id == ada.id

    async def test_mean_whoever_has_the_address(
        self, take: Import, add_user: AddUser, tenant: Tenant, sessions: Sessions
    ) -> None:
        ada = await add_user(tenant, "ada@example.org")
        assert counts(await take("external_id,email\n1,ada@example.org\n")) == (0, 1, 0, 0)
        assert problems(await take("external_id,email\n2,ada@example.org\n")) == [
            (2, "external_id", "EXTERNAL_ID_TAKEN")
        ]
        moved = await take("external_id,email\n1,augusta@example.org\n")
        assert problems(moved) == [(2, "email", "EMAIL_FIXED")]
        assert (await everybody(sessions, tenant))["ada@example.org"].id == ada.id

    async def test_send_nobodys_invitation_anywhere_else_that_makes_more_of_them_than_the_roster_may(
        self, ask: Ask, take: Import, tenant: Tenant, sessions: Sessions
    ) -> None:
        granter = tenant.caller("users:manage", "users:invite", "roles:manage")
        first = "external_id,email,role\n1,ada@example.org,instructor\n2,bob@example.org,learner\n"
        answer = await ask(IMPORT, {"input": {"csv": first, "source": "sis"}}, by=granter)
        assert answer["data"]["importRoster"]["userErrors"] == []
        moved = await take("external_id,email\n1,eve@example.org\n2,eve2@example.org\n")
        assert (counts(moved), problems(moved)) == ((0, 1, 0, 1), [(2, "email", "EMAIL_FIXED")])
        bob = (await everybody(sessions, tenant))["eve2@example.org"]
        async with sessions.read(tenant.caller()) as session:
            invited = sa.select(Invitation).where(Invitation.user_id == bob.id).order_by(Invitation.id)
            [old, new] = list(await session.scalars(invited))
        assert (old.revoked_at is None, new.revoked_at, new.times_sent, new.expires_at) == (
            False,
            None,
            1,
            old.expires_at,
        )

    async def test_mail_an_invitation_only_if_that_is_wanted(
        self, take: Import, sessions: Sessions, tenant: Tenant
    ) -> None:
        await take("external_id,email\n1,ada@example.org\n", invite=True)
        await take("external_id,email\n2,bob@example.org\n", invite=False)
        async with sessions.read(tenant.caller()) as session:
            sent = list(await session.scalars(sa.select(Invitation.times_sent).order_by(Invitation.id)))
            told = list(await session.scalars(sa.select(OutboxRow.topic)))
        assert sent == [1, 0]
        assert told.count("users.invitation-sent.v1") == 1

    async def test_give_people_values_of_the_tenants_fields_which_are_kept_encrypted(
        self, take: Import, keys: DataKeys, sessions: Sessions, tenant: Tenant
    ) -> None:
        async with unit_of_work(sessions, tenant.caller()) as session:
            await CustomFieldStore(session).add("house", label="House", kind=CustomFieldKind.TEXT)
        seen: list[tuple[Any, ...]] = []
        for house in ("north", "north", "south"):
            job = await take(f"external_id,email,field:house\n1,ada@example.org,{house}\n")
            ada = (await everybody(sessions, tenant))["ada@example.org"]
            async with sessions.read(tenant.caller()) as session:
                values = SealedFields(await keys.of(session)).of(ada)
            seen.append((*counts(job), values["house"], ada.version, ada.custom_fields))
        assert seen == [
            (1, 0, 0, 0, "north", 1, {}),
            (0, 0, 1, 0, "north", 1, {}),
            (0, 1, 0, 0, "south", 2, {}),
        ]

    async def test_are_refused_by_line_and_column(self, take: Import, add_user: AddUser, tenant: Tenant) -> None:
        await add_user(tenant, "out@example.org", status="DEACTIVATED")
        job = await take(
            "external_id,email,time_zone,role,org_units,field:shoe\n"
            '1,"two\nlines@example.org",,,,\n'
            ",nobody,Mars/Base,WIZARD,X9,\n"
            "2,ada@example.org,,,,\n"
            "2,eve@example.org,,,,\n"
            "3,out@example.org,,,,\n"
            "4,few@example.org\n"
            "5,bob@example.org,,,,42\n"
        )
        assert counts(job) == (1, 0, 0, 6)
        assert problems(job) == [
            (2, "email", "BAD_USER_INPUT"),
            (4, "external_id", "CELL_EMPTY"),
            (4, "email", "BAD_USER_INPUT"),
            (4, "time_zone", "BAD_USER_INPUT"),
            (4, "role", "BAD_USER_INPUT"),
            (4, "org_units", "BAD_USER_INPUT"),
            (6, None, "ROW_REPEATED"),
            (7, None, "PERSON_DEACTIVATED"),
            (8, None, "CELLS_MISSING"),
            (9, "field:shoe", "BAD_USER_INPUT"),
        ]

    async def test_are_shown_with_what_is_wrong_and_run_nothing_in_a_spreadsheet(
        self, ask: Ask, take: Import, manager: Caller
    ) -> None:
        job = await take('external_id,email,display_name\n1,nobody,"=HYPERLINK(""http://x"")"\n2,ada@example.org,Ada\n')
        text = (await ask(ERRORS, {"id": job["id"]}, by=manager))["data"]["importErrorsCsv"]
        [header, row] = list(csv.reader(io.StringIO(text)))
        assert header == ["external_id", "email", "display_name", "line", "problems"]
        assert row[:4] == ["1", "nobody", '\'=HYPERLINK("http://x")', "2"]
        mended = await take(text.replace("nobody", "eve@example.org"))
        assert counts(mended) == (1, 0, 0, 0)

    async def test_are_as_many_as_the_quota_has(
        self, take: Import, control: Control, tenant: Tenant, sessions: Sessions
    ) -> None:
        text = "external_id,email\n" + "".join(f"{n},p{n}@example.org\n" for n in range(3))
        async with restored(control, tenant):
            async with control.admin() as admin, admin.engine(CONTROL_DATABASE).begin() as connection:
                few = sa.update(tenants).where(tenants.c.id == tenant.id).values(ceilings={"users": 2})
                await connection.execute(few)
            assert counts(await take(text, dryRun=True)) == (2, 0, 0, 1)
            job = await take(text)
        assert (counts(job), problems(job)) == ((2, 0, 0, 1), [(4, None, "QUOTA_EXCEEDED")])
        async with sessions.read(tenant.caller()) as session:
            told = await session.scalars(sa.select(OutboxRow.topic).where(OutboxRow.topic == QuotaReached.topic))
            assert len(told.all()) == 1, "the dry run told nobody"


class TestJob:
    async def test_goes_on_where_it_was_killed_and_does_nothing_twice(
        self, ask: Ask, manager: Caller, work: Work, tenant: Tenant, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rosters, "ROWS_A_STEP", 2)
        text = "external_id,email\n" + "".join(f"{n},p{n}@example.org\n" for n in range(5))
        answer = await ask(IMPORT, {"input": {"csv": text, "source": "sis"}}, by=manager)
        job_id = answer["data"]["importRoster"]["importJob"]["id"]
        await work(times=1)
        half = (await ask(JOB, {"id": job_id}, by=manager))["data"]["importJob"]
        assert (half["done"], half["state"]) == (2, "RUNNING")
        await work(twice=True)
        done = (await ask(JOB, {"id": job_id}, by=manager))["data"]["importJob"]
        assert (done["done"], done["state"], counts(done)) == (5, "DONE", (5, 0, 0, 0))
        assert len(await everybody(sessions, tenant)) == 5

    async def test_that_runs_dry_tells_what_it_would_do_and_does_nothing(
        self, take: Import, sessions: Sessions, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rosters, "ROWS_A_STEP", 1)
        job = await take("external_id,email\n1,ada@example.org\n2,nobody\n", dryRun=True)
        assert (counts(job), problems(job)) == ((1, 0, 0, 1), [(3, "email", "BAD_USER_INPUT")])
        assert await everybody(sessions, tenant) == {}

    async def test_that_is_cancelled_keeps_what_it_has_done_and_does_no_more(
        self, ask: Ask, manager: Caller, work: Work, tenant: Tenant, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rosters, "ROWS_A_STEP", 2)
        text = "external_id,email\n1,p1@example.org\n2,nobody\n3,p3@example.org\n"
        answer = await ask(IMPORT, {"input": {"csv": text, "source": "sis"}}, by=manager)
        job_id = answer["data"]["importRoster"]["importJob"]["id"]
        await work(times=1)
        asked = {"input": {"importJobId": job_id, "idempotencyKey": "k"}}
        cancelled = [(await ask(CANCEL, asked, by=manager))["data"]["cancelImport"] for _ in range(2)]
        assert cancelled[0] == cancelled[1]
        assert (cancelled[0]["importJob"]["state"], cancelled[0]["importJob"]["done"]) == ("CANCELLED", 2)
        assert cancelled[0]["importJob"]["completedAt"]
        await work()
        job = (await ask(JOB, {"id": job_id}, by=manager))["data"]["importJob"]
        assert (job["state"], counts(job), problems(job)) == ("CANCELLED", (1, 0, 0, 1), [(3, "email", BAD)])
        assert set(await everybody(sessions, tenant)) == {"p1@example.org"}
        async with sessions.read(tenant.caller()) as session:
            told = list(await session.scalars(sa.select(OutboxRow).where(OutboxRow.topic.like("users.roster-c%"))))
        assert [(one.payload["done"], one.payload["actor_id"]) for one in told] == [(2, str(manager.user_id))]

    async def test_is_cancelled_by_who_manages_people_while_it_runs(
        self, ask: Ask, take: Import, manager: Caller, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        job = await take("external_id,email\n1,ada@example.org\n")
        asked = {"input": {"importJobId": job["id"]}}
        assert code_of(await ask(CANCEL, asked, by=tenant.caller("users:invite"))) == "FORBIDDEN"
        done = (await ask(CANCEL, asked, by=manager))["data"]["cancelImport"]
        assert done == {"importJob": None, "userErrors": [{"code": "IMPORT_DONE"}]}
        assert code_of(await ask(CANCEL, asked, by=other_tenant.caller("users:manage"))) == "NOT_FOUND"

    async def test_is_followed_to_its_end(
        self, users: SubgraphApp, signed_in: SignIn, take: Import, manager: Caller, tenant: Tenant
    ) -> None:
        job = await take("external_id,email\n1,ada@example.org\n")
        async with aclosing(users.service.subscribe(FOLLOW, {"id": job["id"]}, headers=signed_in(manager))) as told:
            assert [one["data"]["importJobUpdated"] async for one in told] == [{"state": "DONE", "done": 1}]
        reader = signed_in(tenant.caller("users:read"))
        async with aclosing(users.service.subscribe(FOLLOW, {"id": job["id"]}, headers=reader)) as told:
            assert code_of(await anext(told)) == "FORBIDDEN"

    async def test_keeps_the_roster_sealed_and_for_a_while(
        self, ask: Ask, take: Import, manager: Caller, sessions: Sessions, tenant: Tenant
    ) -> None:
        job = await take("external_id,email\n1,nobody\n")
        async with sessions.read(tenant.caller()) as session:
            kept = await session.scalar(sa.select(sa.type_coerce(ImportJob.sealed_text, sa.Text)))
        assert kept
        assert kept.startswith("1.1.")
        async with unit_of_work(sessions, tenant.caller()) as session:
            await forget_old(session, datetime.now(UTC) + timedelta(days=8))
        left = (await ask(JOB, {"id": job["id"]}, by=manager))["data"]["importJob"]
        assert (problems(left), left["failed"]) == ([], 1)
        assert await ask(ERRORS, {"id": job["id"]}, by=manager) == {"data": {"importErrorsCsv": None}}

    async def test_is_for_those_who_manage_people_of_the_tenant(
        self, ask: Ask, take: Import, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        asked = {"input": {"csv": "external_id,email\n1,ada@example.org\n", "source": "sis"}}
        for scope in ("users:manage", "users:invite"):
            assert code_of(await ask(IMPORT, asked, by=tenant.caller(scope))) == "FORBIDDEN"
        job = await take(asked["input"]["csv"])
        for query in (JOB, ERRORS):
            assert code_of(await ask(query, {"id": job["id"]}, by=tenant.caller("users:read"))) == "FORBIDDEN"
        assert await ask(JOB, {"id": job["id"]}, by=other_tenant.caller("users:manage")) == {
            "data": {"importJob": None}
        }

    async def test_makes_nobody_more_than_the_caller_could(self, ask: Ask, manager: Caller, tenant: Tenant) -> None:
        for text, more in (
            ("external_id,email,role\n1,a@b.org,instructor\n", {}),
            ("external_id,email\n", {"role": 1}),
        ):
            role = {"role": "INSTRUCTOR"} if more else {}
            asked = {"input": {"csv": text, "source": "sis", **role}}
            assert code_of(await ask(IMPORT, asked, by=manager)) == "FORBIDDEN"
        granter = tenant.caller("users:manage", "users:invite", "roles:manage")
        asked = {"input": {"csv": "external_id,email,role\n1,a@b.org,OWNER\n", "source": "sis"}}
        refused = (await ask(IMPORT, asked, by=granter))["data"]["importRoster"]["userErrors"]
        assert refused == [{"code": "ROSTER_INVALID", "path": ["input", "csv"]}]

    async def test_waits_while_others_run(self, ask: Ask, manager: Caller, sessions: Sessions, tenant: Tenant) -> None:
        async with unit_of_work(sessions, tenant.caller()) as session:
            for _ in range(rosters.MOST_RUNNING):
                running = {"source": "sis", "requested_by": manager.require_user(), "role": "LEARNER"}
                session.add(ImportJob(**running, dry_run=False, invite=False))
        answer = await ask(IMPORT, {"input": {"csv": "external_id,email\n", "source": "sis"}}, by=manager)
        assert [one["code"] for one in answer["data"]["importRoster"]["userErrors"]] == ["TOO_MANY_IMPORTS"]


class TestRefused:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "email\n",
            "external_id,email,email\n",
            "external_id,email,=cmd\n",
            'external_id,email\n1,"open\n',
            "external_id,email\n" + "1,a\n" * (MAX_ROWS + 1),
            "external_id,email\n" + "x" * MAX_BYTES,
            "external_id,email" + ",".join(f"field:{n}" for n in range(99)),
        ],
        ids=["empty", "no identifiers", "twice", "unknown", "no CSV", "many rows", "many bytes", "many columns"],
    )
    def test_are_rosters_that_cannot_be_read(self, text: str) -> None:
        with pytest.raises(RosterInvalid):
            read_roster(text)

    def test_lines_are_counted_as_editors_count_them(self) -> None:
        roster = read_roster('\ufeffexternal_id\temail\r\n\r\n"a\nb"\tx@y.org\r\n2\tz@y.org')
        assert [row.line for row in roster.rows] == [3, 5]
