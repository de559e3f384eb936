"""What a tenant's people settle of it: name, branding, domains, quotas."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from shared.caller import Caller
from shared.database import Sessions
from shared.events.outbox import OutboxRow
from shared.tenancy.contrast import contrast
from tests.queries import Queries
from tests.subgraphs.auth.conftest import Ask
from tests.subgraphs.conftest import code_of
from tests.tenants import Tenant

BLUE, WHITE = "#1a56db", "#ffffff"


async def verified(change: Ask, records: dict[str, list[str]], domain: str = "school.example") -> dict[str, Any]:
    """Prove a domain."""
    shown = "domain { domain recordName recordValue verifiedAt }"
    first = (await change("verifyDomain", {"domain": domain}, shown))["data"]["verifyDomain"]["domain"]
    records[first["recordName"]] = ["something else", first["recordValue"]]
    return (await change("verifyDomain", {"domain": domain}, shown))["data"]["verifyDomain"]


class TestUpdateTenant:
    async def test_a_new_name_is_read_at_once_and_told(self, change: Ask, sessions: Sessions, tenant: Tenant) -> None:
        answer = await change("updateTenant", {"name": " Aurora "}, "tenant { name version }")
        assert answer["data"]["updateTenant"] == {"tenant": {"name": "Aurora", "version": 2}, "userErrors": []}
        async with sessions.read(tenant.caller()) as session:
            told = (await session.scalars(sa.select(OutboxRow.payload))).all()
        assert [each["settings"] for each in told if "settings" in each] == [["name"]]

    async def test_sent_twice_it_is_done_once(self, change: Ask, tenant: Tenant) -> None:
        keyed, owner = {"name": "Aurora", "idempotencyKey": "k"}, tenant.caller("tenant:manage")
        answers = [await change("updateTenant", keyed, "tenant { version }", by=owner) for _ in range(2)]
        assert [each["data"]["updateTenant"]["tenant"]["version"] for each in answers] == [2, 2]

    async def test_an_older_version_is_refused(self, change: Ask) -> None:
        answer = await change("updateTenant", {"name": "Aurora", "expectedVersion": 7}, "tenant { name }")
        assert answer["data"]["updateTenant"]["userErrors"][0]["code"] == "VERSION_CONFLICT"

    async def test_who_may_not_manage_the_tenant_is_forbidden(self, change: Ask, tenant: Tenant) -> None:
        learner = tenant.caller("learn")
        for field, given in (
            ("updateTenant", {"name": "Mine"}),
            ("setBranding", {}),
            ("setQuota", {"measure": "USERS"}),
        ):
            assert code_of(await change(field, given, "tenant { id }", by=learner)) == "FORBIDDEN"
        for field in ("verifyDomain", "removeDomain"):
            assert code_of(await change(field, {"domain": "a.example"}, "__typename", by=learner)) == "FORBIDDEN"


class TestBranding:
    async def test_it_is_settled_as_a_whole(self, change: Ask) -> None:
        colors = {"primaryColor": BLUE.upper(), "onPrimaryColor": WHITE}
        given = {"logoUrl": "https://school.example/logo.svg", "senderName": "School", **colors}
        shown = "tenant { branding { logoUrl primaryColor onPrimaryColor senderName textColor } }"
        answer = await change("setBranding", given, shown)
        assert answer["data"]["setBranding"]["tenant"]["branding"] == {
            **given,
            "primaryColor": BLUE,
            "textColor": None,
        }
        answer = await change("setBranding", {"senderName": "School"}, shown)
        assert answer["data"]["setBranding"]["tenant"]["branding"]["logoUrl"] is None

    async def test_text_that_cannot_be_read_is_refused(self, change: Ask) -> None:
        answer = await change("setBranding", {"backgroundColor": WHITE, "textColor": "#bbbbbb"}, "tenant { id }")
        [error] = answer["data"]["setBranding"]["userErrors"]
        assert error == {"code": "CONTRAST_TOO_LOW", "path": ["input", "backgroundColor"]}

    def test_contrast_is_as_wcag_has_it(self) -> None:
        assert contrast("#000000", WHITE) == pytest.approx(21)
        assert contrast("#777777", WHITE) == pytest.approx(4.48, abs=0.005)
        assert contrast(BLUE, BLUE) == 1

    @pytest.mark.parametrize(
        "input",
        [
            {"logoUrl": "http://school.example/logo.svg"},
            {"logoUrl": "https://user@school.example/logo.svg"},
            {"logoUrl": "javascript:alert(1)"},
            {"logoUrl": 'https://school.example/"onload="x'},
            {"primaryColor": BLUE},
            {"primaryColor": "blue", "onPrimaryColor": WHITE},
            {"senderAddress": "nobody"},
        ],
    )
    async def test_what_is_no_branding_is_refused(self, change: Ask, input: dict[str, str]) -> None:
        assert code_of(await change("setBranding", input, "tenant { id }")) == "BAD_USER_INPUT"

    async def test_mail_comes_from_verified_domains_alone(self, change: Ask, records: dict[str, list[str]]) -> None:
        sender = {"senderAddress": "office@school.example"}
        refused = await change("setBranding", sender, "tenant { id }")
        assert refused["data"]["setBranding"]["userErrors"][0]["code"] == "SENDER_NOT_VERIFIED"
        await verified(change, records)
        answer = await change("setBranding", sender, "tenant { branding { senderAddress } }")
        assert answer["data"]["setBranding"]["tenant"]["branding"] == sender
        kept = await change("removeDomain", {"domain": "school.example"}, "tenant { id }")
        assert kept["data"]["removeDomain"]["userErrors"][0]["code"] == "SENDER_NOT_VERIFIED"


class TestDomains:
    async def test_a_domain_is_verified_once_its_record_is_there(
        self, change: Ask, records: dict[str, list[str]], ask: Ask, token_of: Callable[[Caller], str], tenant: Tenant
    ) -> None:
        first = await change("verifyDomain", {"domain": "School.Example."}, "domain { domain verifiedAt }")
        assert first["data"]["verifyDomain"]["domain"] == {"domain": "school.example", "verifiedAt": None}
        assert (await verified(change, records))["domain"]["verifiedAt"]
        listing = "{ tenant { domains { domain } } }"
        by_owner = await ask(listing, token=token_of(tenant.caller("tenant:manage")))
        assert by_owner["data"]["tenant"]["domains"] == [{"domain": "school.example"}]
        assert code_of(await ask(listing, token=token_of(tenant.caller("learn")))) == "FORBIDDEN"
        await change("removeDomain", {"domain": "school.example"}, "tenant { id }")
        by_owner = await ask(listing, token=token_of(tenant.caller("tenant:manage")))
        assert by_owner["data"]["tenant"]["domains"] == []

    async def test_a_domain_is_one_tenants(
        self, change: Ask, records: dict[str, list[str]], other_tenant: Tenant
    ) -> None:
        await verified(change, records)
        other = other_tenant.caller("tenant:manage")
        shown = "domain { recordName recordValue verifiedAt }"
        asked = await change("verifyDomain", {"domain": "school.example"}, shown, by=other)
        domain = asked["data"]["verifyDomain"]["domain"]
        assert domain["recordValue"] not in records[domain["recordName"]]
        assert domain["verifiedAt"] is None
        records[domain["recordName"]].append(domain["recordValue"])
        refused = await change("verifyDomain", {"domain": "school.example"}, shown, by=other)
        assert refused["data"]["verifyDomain"]["userErrors"][0]["code"] == "DOMAIN_TAKEN"

    @pytest.mark.parametrize("domain", ["localhost", "10.0.0.1", "a..b", "-a.example", "a.example/x", "a" * 250, ""])
    async def test_what_is_no_domain_is_refused(self, change: Ask, domain: str) -> None:
        assert code_of(await change("verifyDomain", {"domain": domain}, "domain { domain }")) == "BAD_USER_INPUT"


class TestQuotas:
    async def test_a_tenant_allows_itself_less_than_its_plan_gives(self, change: Ask) -> None:
        answer = await change("setQuota", {"measure": "USERS", "limit": 5}, "tenant { quotas { users storageBytes } }")
        assert answer["data"]["setQuota"]["tenant"]["quotas"] == {"users": 5, "storageBytes": float(10 * 1024**3)}
        answer = await change("setQuota", {"measure": "USERS"}, "tenant { quotas { users } }")
        assert answer["data"]["setQuota"]["tenant"]["quotas"] == {"users": 10_000}

    async def test_and_not_more(self, change: Ask) -> None:
        answer = await change("setQuota", {"measure": "USERS", "limit": 10_001}, "tenant { id }")
        assert answer["data"]["setQuota"]["userErrors"][0] == {"code": "QUOTA_ABOVE_PLAN", "path": ["input", "limit"]}

    @pytest.mark.parametrize("limit", [-1, 1.5, 1e300])
    async def test_a_limit_is_a_whole_number(self, change: Ask, limit: float) -> None:
        assert code_of(await change("setQuota", {"measure": "STREAMS", "limit": limit}, "tenant { id }")) == (
            "BAD_USER_INPUT"
        )


async def test_a_tenants_record_is_read_once(
    ask: Ask, token_of: Callable[[Caller], str], tenant: Tenant, queries: Queries
) -> None:
    queries.clear()
    text = "{ a: tenant { name branding { logoUrl } quotas { users } } b: tenant { slug } flags { key } }"
    assert "errors" not in await ask(text, token=token_of(tenant.caller("learn")))
    assert len([each for each in queries if "tenant_directory" in each]) == 1
