"""Consent: to versions of the tenant's documents, given and taken back by people themselves."""

from typing import Any

import pytest

from shared.caller import Caller
from subgraphs.users.models import User
from tests.queries import Queries
from tests.subgraphs.conftest import Ask, code_of
from tests.subgraphs.users.conftest import AddUser
from tests.tenants import Tenant

PUBLISH = """mutation ($input: PublishConsentDocumentInput!) {
  publishConsentDocument(input: $input) { document { id key version } userErrors { code } }
}"""
RETIRE = """mutation ($input: RetireConsentDocumentInput!) {
  retireConsentDocument(input: $input) { document { retiredAt } userErrors { code } }
}"""
RECORD = """mutation ($input: RecordConsentInput!) {
  recordConsent(input: $input) { consent { granted document { version } } userErrors { code } }
}"""
MINE = "{ me { consents { granted document { key version } } missingConsents { key version } } }"
EVERYBODY = "{ users(first: 50) { edges { node { consents { granted } missingConsents { key } } } } }"


@pytest.fixture
def publisher(tenant: Tenant) -> Caller:
    """Whoever publishes documents."""
    return tenant.caller("tenant:manage")


@pytest.fixture
async def ada(add_user: AddUser, tenant: Tenant) -> User:
    """A person."""
    return await add_user(tenant, "ada@example.org")


async def publish(ask: Ask, by: Caller, key: str = "privacy", **more: Any) -> dict[str, Any]:
    """Publish a document, or its next version."""
    given = {"key": key, "title": "Privacy", "text": "We\nkeep little.", **more}
    return (await ask(PUBLISH, {"input": given}, by=by))["data"]["publishConsentDocument"]["document"]


async def say(ask: Ask, by: Caller, document: dict[str, Any], *, granted: bool) -> dict[str, Any]:
    """Say yes or no to a document."""
    answer = await ask(RECORD, {"input": {"documentId": document["id"], "granted": granted}}, by=by)
    return answer["data"]["recordConsent"]


async def mine(ask: Ask, by: Caller) -> tuple[list[tuple[str, int, bool]], list[tuple[str, int]]]:
    """What somebody has said, and what they are asked."""
    me = (await ask(MINE, by=by))["data"]["me"]
    said = [(one["document"]["key"], one["document"]["version"], one["granted"]) for one in me["consents"]]
    return said, [(one["key"], one["version"]) for one in me["missingConsents"]]


class TestConsent:
    async def test_counts_for_a_version_and_can_be_taken_back(
        self, ask: Ask, publisher: Caller, ada: User, tenant: Tenant
    ) -> None:
        me = tenant.caller(user_id=ada.id)
        first = await publish(ask, publisher, required=True)
        assert await mine(ask, me) == ([], [("privacy", 1)])
        assert (await say(ask, me, first, granted=True))["consent"] == {"granted": True, "document": {"version": 1}}
        assert await mine(ask, me) == ([("privacy", 1, True)], [])
        second = await publish(ask, publisher, required=True)
        assert second["version"] == 2
        assert await mine(ask, me) == ([("privacy", 1, True)], [("privacy", 2)])
        assert (await say(ask, me, first, granted=True))["userErrors"] == [{"code": "CONSENT_OUTDATED"}]
        await say(ask, me, second, granted=True)
        await say(ask, me, second, granted=False)
        assert await mine(ask, me) == ([("privacy", 2, False)], [("privacy", 2)])

    async def test_that_is_not_required_may_be_refused_and_a_retired_one_is_not_asked_for(
        self, ask: Ask, publisher: Caller, ada: User, tenant: Tenant
    ) -> None:
        me = tenant.caller(user_id=ada.id)
        photos, mail = await publish(ask, publisher, "photos"), await publish(ask, publisher, "mail")
        await say(ask, me, photos, granted=False)
        assert await mine(ask, me) == ([("photos", 1, False)], [("mail", 1)])
        await say(ask, me, mail, granted=True)
        retired = await ask(RETIRE, {"input": {"key": "mail"}}, by=publisher)
        assert retired["data"]["retireConsentDocument"]["document"]["retiredAt"]
        assert (await say(ask, me, mail, granted=True))["userErrors"] == [{"code": "CONSENT_OUTDATED"}]
        assert (await say(ask, me, mail, granted=False))["userErrors"] == []
        assert (await mine(ask, me))[1] == []

    async def test_is_nobody_elses_to_give_or_to_ask_for(
        self, ask: Ask, publisher: Caller, ada: User, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        document = await publish(ask, publisher)
        given = {"input": {"documentId": document["id"], "granted": True}}
        assert code_of(await ask(RECORD, given, by=other_tenant.caller())) == "NOT_FOUND"
        asked = {"input": {"key": "x", "title": "X", "text": "x"}}
        assert code_of(await ask(PUBLISH, asked, by=tenant.caller("users:manage"))) == "FORBIDDEN"
        assert code_of(await ask(RETIRE, {"input": {"key": "privacy"}}, by=tenant.caller())) == "FORBIDDEN"
        theirs = "query ($id: ID!) { user(id: $id) { consents { granted } missingConsents { key } } }"
        answer = await ask(theirs, {"id": str(ada.id)}, by=tenant.caller())
        assert answer["data"]["user"] == {"consents": None, "missingConsents": None}

    async def test_of_many_people_is_read_at_once(
        self, ask: Ask, publisher: Caller, add_user: AddUser, tenant: Tenant, queries: Queries
    ) -> None:
        document = await publish(ask, publisher)
        for number in range(3):
            person = await add_user(tenant, f"p{number}@example.org")
            await say(ask, tenant.caller(user_id=person.id), document, granted=True)
        queries.clear()
        answer = await ask(EVERYBODY, by=tenant.caller("users:read"))
        assert [edge["node"]["consents"] for edge in answer["data"]["users"]["edges"]] == [[{"granted": True}]] * 3
        assert len([one for one in queries if "FROM" in one and "consent" in one]) == 2
