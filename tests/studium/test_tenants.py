"""Each tenant has its own view of the graph and its own bounds, by its record; a suspended one is not served."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
import sqlalchemy as sa
from redis.asyncio import Redis

from router.serve.demand.config import Rate
from router.serve.variants.policy import TenantPolicy
from shared.caller import TenantId
from shared.events import streams
from shared.events.connection import connect
from shared.events.event import Recorded
from shared.ids import uuid7
from shared.roles import Role
from shared.tenancy.changes import Announcements, Change, change_tenant
from shared.tenancy.names import CONTROL_DATABASE
from shared.tenancy.profile import Plan, Quotas
from shared.tenancy.registry import TenantRecord, TenantStatus, tenants
from studium.embedded import CannotStart
from studium.router_policies import read_policies
from studium.tenants import line_of
from studium.variants import FeaturePolicy, TenantRules
from subgraphs.courses.events import ModuleChanged
from tests.patience import PATIENCE_SECONDS
from tests.studium.routers import HERE, Person, TestedRouter, person, routing
from tests.tenants import Control, Tenant

OWN = "{ tenant { id } }"


@pytest.fixture
async def redis(control: Control) -> AsyncGenerator[Redis]:
    """A server whose streams are empty."""
    client = connect(control.servers.redis)
    for each in HERE:
        await cast("Any", client).delete(streams.stream_of(each))
    yield client
    await client.aclose()


@pytest.fixture
async def announcements(control: Control, redis: Redis, tenant: Tenant) -> AsyncGenerator[Announcements]:
    """The worker's part; afterwards the tenant is as it was."""
    async with control.admin() as admin:
        engine = admin.engine(CONTROL_DATABASE)
        yield Announcements(engine, redis)
        as_before: dict[str, Any] = {"status": TenantStatus.ACTIVE, "features": [], "region": None, "untold": False}
        async with engine.begin() as connection:
            await connection.execute(sa.update(tenants).where(tenants.c.id == tenant.id).values(as_before))


async def changed(announcements: Announcements, tenant: Tenant, change: Change) -> None:
    """As `studium tenant` and the worker do it."""
    async with announcements.engine.begin() as connection:
        await change_tenant(connection, tenant.slug, change)
    await announcements.sweep()


async def until(router: TestedRouter, who: Person, query: str, wanted: Callable[[Any], bool]) -> Any:
    """What a person is answered once it is as wanted."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not wanted(answer := await router.ask(query, who)):  # noqa: ASYNC110 - it is told by a server
            await asyncio.sleep(0.01)
    return answer


def code(answer: Any) -> str | None:
    errors = answer.get("errors")
    return errors[0]["extensions"]["code"] if errors else None


@asynccontextmanager
async def one_more(control: Control) -> AsyncGenerator[Person]:
    async with control.tenant() as other:
        yield person(other)


@pytest.mark.xdist_group("auth-stream")
@pytest.mark.usefixtures("redis")
class TestNames:
    async def test_a_host_may_name_the_tokens_tenant_alone(
        self, control: Control, tenant: Tenant, caplog: pytest.LogCaptureFixture
    ) -> None:
        who = person(tenant)
        async with routing(control) as router, one_more(control) as other:
            for host in (f"{tenant.slug}.localhost", f"{tenant.slug.upper()}.LocalHost:8000", "localhost", "elsewhere"):
                assert (await router.ask(OWN, who, host))["data"] == {"tenant": {"id": str(tenant.id)}}
            refused = await router.ask(OWN, who, f"{other.tenant.slug}.localhost")
            assert (refused["status"], code(refused)) == (403, "TENANT_MISMATCH")
            assert f"tenant '{tenant.id}'" in caplog.text
            assert other.tenant.slug in caplog.text
            assert who.token not in caplog.text
            nobody = await router.ask("{ __typename }", None, f"{other.tenant.slug}.localhost")
            assert nobody["data"] == {"__typename": "Query"}


class TestTheCommand:
    def test_says_where_a_tenant_is_and_when_it_is_deleted(self) -> None:
        began = datetime(2026, 1, 2, tzinfo=UTC)
        one = TenantRecord(TenantId(uuid7()), "aurora", "Aurora College", Plan.FREE, TenantStatus.ACTIVE, began)
        assert line_of(one).split()[1:] == ["aurora", "ACTIVE", "-", "-", "main", "Aurora", "College"]
        leaving = replace(one, status=TenantStatus.SUSPENDED, server="two", delete_after=began)
        assert line_of(leaving).endswith("  two  Aurora College  deleted after 2026-01-02 00:00 UTC")


@pytest.mark.xdist_group("auth-stream")
class TestSuspension:
    async def test_a_suspended_tenant_is_refused_until_it_is_resumed(
        self, control: Control, tenant: Tenant, announcements: Announcements
    ) -> None:
        who = person(tenant)
        async with routing(control) as router, one_more(control) as other:
            assert code(await router.ask(OWN, who)) is None
            await changed(announcements, tenant, Change(TenantStatus.SUSPENDED))
            refused = await until(router, who, OWN, lambda answer: code(answer) is not None)
            assert (refused["status"], code(refused)) == (403, "TENANT_UNKNOWN")
            assert code(await router.ask(OWN, other)) is None
            await changed(announcements, tenant, Change(TenantStatus.ACTIVE))
            await until(router, who, OWN, lambda answer: code(answer) is None)

    async def test_a_router_that_starts_later_refuses_it_as_well(
        self, control: Control, tenant: Tenant, announcements: Announcements
    ) -> None:
        await changed(announcements, tenant, Change(TenantStatus.SUSPENDED))
        async with routing(control) as router:
            assert code(await router.ask(OWN, person(tenant))) == "TENANT_UNKNOWN"


@pytest.mark.xdist_group("auth-stream")
class TestPlansAndFeatures:
    async def test_what_holds_for_a_tenant_stands_in_its_record(
        self, control: Control, tenant: Tenant, announcements: Announcements, tmp_path: Path
    ) -> None:
        file = tmp_path / "router.yaml"
        file.write_text(
            "tenants:\n"
            "  plans: {free: {operation_cost: 5, introspection: off}}\n"
            "  anonymous: {introspection: on}\n"
            "traffic: {all: {concurrency: null}}\n"
        )
        who = person(tenant)
        schema = "{ __schema { queryType { name } } }"
        async with routing(control, file) as router:
            assert (
                code(await router.ask("{ catalog(first: 50) { edges { node { id } } } }", who))
                == "COST_ESTIMATED_TOO_EXPENSIVE"
            )
            assert code(await router.ask(schema, who)) == "INTROSPECTION_DISABLED"
            assert code(await router.ask(schema)) is None
            await changed(announcements, tenant, Change(region="eu"))
            placed = await until(router, who, OWN, lambda answer: code(answer) is not None)
            assert code(placed) == "PLACEMENT_UNKNOWN"

    def test_a_features_tags_are_hidden_and_its_labels_fail_without_it(self) -> None:
        rules = TenantRules(features={"labs": FeaturePolicy(("labs", "beta"), ("new-catalogue",))})
        without = rules.policy("free", [], slug="aurora", region=None)
        having = rules.policy("free", ["labs", "unheard-of"], slug="aurora", region="eu")
        assert (without.contract.exclude, without.labels) == (("beta", "labs"), ())
        assert (having.contract.exclude, having.labels) == ((), ("new-catalogue",))
        assert (having.names, having.placement) == (("aurora",), "eu")
        assert rules.nobodys().contract.exclude == ("beta", "labs")

    def test_a_tenants_quotas_hold_beside_its_plan(self) -> None:
        own, of_all = Rate("own", 5, 60), Rate("all", 9, 60)
        rules = TenantRules(plans={"free": TenantPolicy(rates=(own,), streams=7)})
        quotas = Quotas(cost_per_minute=100, streams=9)
        planned = rules.policy("free", [], slug="aurora", region=None, quotas=quotas, otherwise=(of_all,))
        assert [(rate.name, rate.quota) for rate in planned.rates or ()] == [("own", 5), ("tenant-quota", 100)]
        assert planned.streams == 7
        unplanned = TenantRules().policy("free", [], slug="a", region=None, quotas=quotas, otherwise=(of_all,))
        assert [rate.name for rate in unplanned.rates or ()] == ["all", "tenant-quota"]
        assert unplanned.streams == 9
        assert TenantRules().policy("free", [], slug="a", region=None, quotas=Quotas()).rates is None

    @pytest.mark.parametrize(
        ("said", "problem"),
        [
            ("plans: {gold: {}}", "gold"),
            ("plans: {free: {placement: eu}}", "registry"),
            ("plans: {free: {names: [a]}}", "registry"),
            ("anonymous: {placement: eu}", "registry"),
        ],
    )
    def test_what_the_registry_says_stands_in_no_file(self, said: str, problem: str, tmp_path: Path) -> None:
        file = tmp_path / "router.yaml"
        file.write_text(f"tenants: {{{said}}}\n")
        with pytest.raises(CannotStart) as refused:
            read_policies(file, {})
        assert problem in "\n".join(refused.value.details)


@pytest.mark.xdist_group("auth-stream")
@pytest.mark.usefixtures("redis")
class TestTheCatalogue:
    LIST = "{ catalog { edges { node { title modules { title items { position } } } } } }"

    async def test_an_edit_is_seen_at_once_and_nobody_sees_another_tenants(
        self, control: Control, tenant: Tenant
    ) -> None:
        author, learner = person(tenant, Role.INSTRUCTOR), person(tenant)
        async with routing(control) as router, one_more(control) as other:
            course = await self.published(router, author)
            for who in (learner, other):
                assert "fwd=miss" in (await router.ask(self.LIST, who))["kept"]
            for who, modules in ((learner, ["First"]), (other, None)):
                kept = await router.ask(self.LIST, who)
                assert "hit" in kept["kept"]
                assert self.modules(kept) == modules
            assert "hit" in (await router.ask(self.LIST, person(tenant)))["kept"]
            await self.upsert(router, author, course, "Second")
            seen = await router.ask(self.LIST, learner)
            assert self.modules(seen) == ["First", "Second"]
            assert "hit" in (await router.ask(self.LIST, other))["kept"]

    async def test_what_was_changed_elsewhere_is_dropped_when_it_is_told(
        self, control: Control, tenant: Tenant, redis: Redis
    ) -> None:
        learner = person(tenant)
        async with routing(control) as router, one_more(control) as other:
            for who in (learner, other) * 2:
                await router.ask(self.LIST, who)
            event = ModuleChanged(
                tenant_id=tenant.id, course_id=uuid7(), module_id=uuid7(), item_ids=[], course_item_ids=[]
            )
            told = Recorded(event.event_id, tenant.id, event.topic, msgspec.json.encode(event))
            await streams.append(redis, streams.stream_of("courses"), [told])
            await until(router, learner, self.LIST, lambda answer: "fwd=miss" in answer["kept"])
            assert "hit" in (await router.ask(self.LIST, other))["kept"]

    async def test_what_is_a_persons_own_or_may_be_a_draft_is_not_kept(self, control: Control, tenant: Tenant) -> None:
        author = person(tenant, Role.INSTRUCTOR)
        async with routing(control) as router:
            course = await self.published(router, author)
            for query in (
                "{ catalog { edges { node { viewerEnrollment { id } } } } }",
                "{ catalog { edges { node { enrollmentCount } } } }",
                "query($id: ID) { course(id: $id) { title } }",
                "{ myEnrollments { edges { node { id } } } }",
                OWN,
            ):
                for _ in range(2):
                    answer = await router.ask(query, author, id=course)
                    assert code(answer) is None
                    assert "fwd=bypass" in answer["kept"]

    @staticmethod
    def modules(answer: Any) -> list[str] | None:
        """The titles of the modules of the only course; None if there is none."""
        edges = answer["data"]["catalog"]["edges"]
        return [each["title"] for each in edges[0]["node"]["modules"]] if edges else None

    async def published(self, router: TestedRouter, author: Person) -> str:
        """A course with one module."""
        create = "mutation($i: CreateCourseInput!) { createCourse(input: $i) { course { id } } }"
        made = await router.ask(create, author, i={"title": "Bread", "slug": "bread"})
        course = made["data"]["createCourse"]["course"]["id"]
        await self.upsert(router, author, course, "First")
        publish = "mutation($i: PublishCourseInput!) { publishCourse(input: $i) { course { id } userErrors { code } } }"
        done = await router.ask(publish, author, i={"id": course})
        assert done["data"]["publishCourse"]["userErrors"] == []
        return course

    @staticmethod
    async def upsert(router: TestedRouter, author: Person, course: str, title: str) -> None:
        upsert = "mutation($i: UpsertModuleInput!) { upsertModule(input: $i) { module { id } userErrors { code } } }"
        item = "0198c5a0-0000-7000-8000-000000000001"
        done = await router.ask(upsert, author, i={"courseId": course, "title": title, "itemIds": [item]})
        assert done["data"]["upsertModule"]["userErrors"] == []
