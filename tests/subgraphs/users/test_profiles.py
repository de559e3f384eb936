"""Profiles, preferences, other systems' identifiers, and the fields that a tenant defines."""

from typing import Any

import pytest
import sqlalchemy as sa

from shared.data_keys import DataKeys, Protected
from shared.data_keys.columns import protected_tables
from shared.data_keys.rotation import Encrypted, Rotation
from shared.data_keys.store import DataKeyStore
from shared.database import Sessions, unit_of_work
from subgraphs.users.models import Model, User
from subgraphs.users.service.forgetting import forget_old
from subgraphs.users.service.sealed_fields import SealedFields
from tests.queries import Queries
from tests.subgraphs.conftest import Ask, code_of
from tests.subgraphs.users.conftest import AddUser
from tests.tenants import Tenant

UPDATE = """mutation ($input: UpdateProfileInput!) {
  updateProfile(input: $input) {
    user { displayName handle locale timeZone version customFields { definition { key } value } }
    userErrors { code path }
  }
}"""
DEFINE = """mutation ($input: DefineCustomFieldInput!) {
  defineCustomField(input: $input) { definition { key kind choices version } userErrors { code } }
}"""
EXTERNAL = """mutation ($input: SetExternalIdInput!) {
  setExternalId(input: $input) { user { externalIds { source externalId } } userErrors { code } }
}"""
PREFER = """mutation ($input: SetPreferencesInput!) {
  setPreferences(input: $input) { user { displayPreferences { theme captions weekStartsOn } } userErrors { code } }
}"""


@pytest.fixture
async def ada(add_user: AddUser, tenant: Tenant) -> User:
    """A person."""
    return await add_user(tenant, "ada@example.org")


async def define(ask: Ask, tenant: Tenant, key: str, kind: str, **values: Any) -> dict[str, Any]:
    """Define a field."""
    asked = {"key": key, "label": key, "kind": kind, **values}
    answer = await ask(DEFINE, {"input": asked}, by=tenant.caller("users:manage"))
    return answer["data"]["defineCustomField"]


class TestUpdateProfile:
    async def test_changes_what_is_named_and_leaves_the_rest(self, ask: Ask, ada: User, tenant: Tenant) -> None:
        asked = {"handle": "Ada.L", "timeZone": "Europe/Lisbon"}
        answer = await ask(UPDATE, {"input": asked}, by=tenant.caller(user_id=ada.id))
        assert answer["data"]["updateProfile"]["user"] == {
            "displayName": "Ada",
            "handle": "ada.l",
            "locale": "en",
            "timeZone": "Europe/Lisbon",
            "version": 2,
            "customFields": [],
        }

    async def test_of_somebody_else_needs_the_scope(
        self, ask: Ask, ada: User, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        asked = {"input": {"userId": str(ada.id), "displayName": "A. Lovelace"}}
        assert code_of(await ask(UPDATE, asked, by=tenant.caller("users:read"))) == "FORBIDDEN"
        assert code_of(await ask(UPDATE, asked, by=other_tenant.caller("users:manage"))) == "NOT_FOUND"
        answer = await ask(UPDATE, asked, by=tenant.caller("users:manage"))
        assert answer["data"]["updateProfile"]["user"]["displayName"] == "A. Lovelace"

    async def test_a_handle_is_had_once(self, ask: Ask, ada: User, add_user: AddUser, tenant: Tenant) -> None:
        await add_user(tenant, "bob@example.org", handle="ada")
        answer = await ask(UPDATE, {"input": {"handle": "ada"}}, by=tenant.caller(user_id=ada.id))
        assert answer["data"]["updateProfile"]["userErrors"] == [{"code": "HANDLE_TAKEN", "path": ["input", "handle"]}]

    async def test_of_another_version_is_refused(self, ask: Ask, ada: User, tenant: Tenant) -> None:
        asked = {"displayName": "Augusta", "expectedVersion": 7}
        answer = await ask(UPDATE, {"input": asked}, by=tenant.caller(user_id=ada.id))
        assert answer["data"]["updateProfile"]["userErrors"][0]["code"] == "VERSION_CONFLICT"

    @pytest.mark.parametrize(
        "asked",
        [{"handle": "a"}, {"handle": "a b"}, {"locale": "English"}, {"timeZone": "Mars/Base"}, {"displayName": " "}],
    )
    async def test_refuses_what_is_none(self, ask: Ask, ada: User, tenant: Tenant, asked: dict[str, str]) -> None:
        assert code_of(await ask(UPDATE, {"input": asked}, by=tenant.caller(user_id=ada.id))) == "BAD_USER_INPUT"

    async def test_sent_again_with_its_key_changes_once(self, ask: Ask, ada: User, tenant: Tenant) -> None:
        asked = {"input": {"displayName": "Augusta", "idempotencyKey": "k"}}
        first = await ask(UPDATE, asked, by=tenant.caller(user_id=ada.id))
        assert await ask(UPDATE, asked, by=tenant.caller(user_id=ada.id)) == first
        assert first["data"]["updateProfile"]["user"]["version"] == 2


class TestCustomFields:
    @pytest.mark.parametrize(
        ("kind", "sent", "kept"),
        [
            ("TEXT", " Lisbon ", "Lisbon"),
            ("NUMBER", "12.50", "12.50"),
            ("NUMBER", "1e3", "1000"),
            ("BOOLEAN", "true", "true"),
            ("DATE", "2026-02-28", "2026-02-28"),
            ("CHOICE", "blue", "blue"),
        ],
    )
    async def test_keep_a_value_of_their_kind(
        self, ask: Ask, ada: User, tenant: Tenant, kind: str, sent: str, kept: str
    ) -> None:
        choices = ["red", "blue"] if kind == "CHOICE" else []
        await define(ask, tenant, "extra", kind, choices=choices, editableBySelf=True)
        asked = {"customFields": [{"key": "extra", "value": sent}]}
        answer = await ask(UPDATE, {"input": asked}, by=tenant.caller(user_id=ada.id))
        assert answer["data"]["updateProfile"]["user"]["customFields"] == [
            {"definition": {"key": "extra"}, "value": kept}
        ]

    @pytest.mark.parametrize(
        ("kind", "sent"),
        [
            ("NUMBER", "twelve"),
            ("NUMBER", "NaN"),
            ("NUMBER", "1e9999"),
            ("BOOLEAN", "yes"),
            ("DATE", "2026-02-30"),
            ("CHOICE", "green"),
            ("TEXT", "a\0b"),
        ],
    )
    async def test_refuse_a_value_of_another_kind(
        self, ask: Ask, ada: User, tenant: Tenant, kind: str, sent: str
    ) -> None:
        choices = ["red", "blue"] if kind == "CHOICE" else []
        await define(ask, tenant, "extra", kind, choices=choices, editableBySelf=True)
        asked = {"customFields": [{"key": "extra", "value": sent}]}
        assert code_of(await ask(UPDATE, {"input": asked}, by=tenant.caller(user_id=ada.id))) == "BAD_USER_INPUT"

    async def test_that_are_the_tenants_are_not_for_oneself_to_change(
        self, ask: Ask, ada: User, tenant: Tenant
    ) -> None:
        await define(ask, tenant, "payroll", "TEXT")
        asked = {"input": {"userId": str(ada.id), "customFields": [{"key": "payroll", "value": "7"}]}}
        assert code_of(await ask(UPDATE, asked, by=tenant.caller(user_id=ada.id))) == "BAD_USER_INPUT"
        answer = await ask(UPDATE, asked, by=tenant.caller("users:manage", "users:read"))
        assert answer["data"]["updateProfile"]["user"]["customFields"][0]["value"] == "7"

    async def test_a_null_takes_the_value_away(self, ask: Ask, add_user: AddUser, tenant: Tenant) -> None:
        await define(ask, tenant, "house", "TEXT", editableBySelf=True)
        bob = await add_user(tenant, "bob@example.org", custom_fields={"house": "north"})
        asked = {"customFields": [{"key": "house", "value": None}]}
        answer = await ask(UPDATE, {"input": asked}, by=tenant.caller(user_id=bob.id))
        assert answer["data"]["updateProfile"]["user"]["customFields"] == []

    async def test_never_change_their_kind(self, ask: Ask, tenant: Tenant) -> None:
        await define(ask, tenant, "house", "TEXT")
        refused = await define(ask, tenant, "house", "NUMBER")
        assert refused["userErrors"] == [{"code": "CUSTOM_FIELD_KIND_FIXED"}]
        assert (await define(ask, tenant, "house", "TEXT"))["definition"]["version"] == 2

    async def test_choices_belong_to_their_kind(self, ask: Ask, tenant: Tenant) -> None:
        for kind, choices in (("CHOICE", []), ("TEXT", ["a"]), ("CHOICE", ["a", "a"])):
            asked = {"input": {"key": "k", "label": "K", "kind": kind, "choices": choices}}
            assert code_of(await ask(DEFINE, asked, by=tenant.caller("users:manage"))) == "BAD_USER_INPUT"

    async def test_are_defined_by_managers(self, ask: Ask, tenant: Tenant) -> None:
        asked = {"input": {"key": "k", "label": "K", "kind": "TEXT"}}
        assert code_of(await ask(DEFINE, asked, by=tenant.caller("users:read"))) == "FORBIDDEN"

    @pytest.mark.parametrize("number", [1, 5])
    async def test_of_many_people_take_four_statements(
        self, ask: Ask, add_user: AddUser, tenant: Tenant, queries: Queries, number: int
    ) -> None:
        await define(ask, tenant, "house", "TEXT")
        for position in range(number):
            await add_user(tenant, f"p{position}@example.org", custom_fields={"house": "north"})
        queries.clear()
        query = "{ users { edges { node { customFields { value } externalIds { source } } } } }"
        answer = await ask(query, by=tenant.caller("users:read"))
        values = [edge["node"]["customFields"][0]["value"] for edge in answer["data"]["users"]["edges"]]
        assert values == ["north"] * number
        assert len(queries) == 4

    async def test_are_kept_in_the_clear_nowhere_and_gone_with_the_tenants_key(
        self, ask: Ask, add_user: AddUser, tenant: Tenant, sessions: Sessions, keys: DataKeys
    ) -> None:
        await define(ask, tenant, "house", "TEXT", editableBySelf=True)
        await define(ask, tenant, "diet", "TEXT", editableBySelf=True)
        bob = await add_user(tenant, "bob@example.org")
        as_bob = tenant.caller(user_id=bob.id)
        for key in ("diet", "house"):
            asked = {"customFields": [{"key": key, "value": f"canary of {key}"}]}
            answer = await ask(UPDATE, {"input": asked}, by=as_bob)
        fields = answer["data"]["updateProfile"]["user"]["customFields"]
        assert [one["value"] for one in fields] == ["canary of diet", "canary of house"]
        async with unit_of_work(sessions, tenant.caller()) as session:
            rows = await session.scalars(sa.select(sa.cast(sa.literal_column("users"), sa.Text)).select_from(User))
            assert "canary" not in str(rows.all())
            await DataKeyStore(session).shred()
        shredded = await ask("{ me { customFields { value } } }", by=as_bob)
        assert code_of(shredded) == "DATA_SHREDDED"

    async def test_of_before_they_were_encrypted_are_once_keys_are_finished(
        self, ask: Ask, add_user: AddUser, tenant: Tenant, sessions: Sessions, keys: DataKeys
    ) -> None:
        await define(ask, tenant, "house", "TEXT", editableBySelf=True)
        people = [await add_user(tenant, f"{n}@example.org", custom_fields={"house": "h"}) for n in range(3)]
        for n, person in enumerate(people):
            asked = {"customFields": [{"key": "house", "value": f"h{n}"}]}
            await ask(UPDATE, {"input": asked}, by=tenant.caller(user_id=person.id))
        async with sessions.read(tenant.caller()) as session:
            seen = [(await session.get_one(User, person.id)).custom_fields for person in people]
        assert seen == [{"house": f"h{n}"} for n in range(3)], "processes of before go on seeing them"
        table = next(each for each in protected_tables(Model.metadata) if each.table.name == "users")
        rotation = Rotation(keys, sessions, tenant.caller())
        assert await rotation.encrypt_anew(table, batch=2) == Encrypted(3, 0)
        assert await rotation.encrypt_anew(table, batch=2) == Encrypted(0, 0)
        async with sessions.read(tenant.caller()) as session:
            kept = [await session.get_one(User, person.id) for person in people]
            opened = SealedFields(await keys.of(session))
        assert [(one.custom_fields, opened.of(one)) for one in kept] == [({}, {"house": f"h{n}"}) for n in range(3)]

    async def test_that_a_process_of_before_has_left_of_somebody_erased_are_forgotten(
        self, add_user: AddUser, tenant: Tenant, sessions: Sessions
    ) -> None:
        left = Protected("1.1.noise")
        gone = await add_user(tenant, "x@erased.invalid", status="ERASED", sealed_custom_fields=left)
        here = await add_user(tenant, "bob@example.org", sealed_custom_fields=left)
        async with unit_of_work(sessions, tenant.caller()) as session:
            await forget_old(session)
        async with sessions.read(tenant.caller()) as session:
            kept = [(await session.get_one(User, person.id)).sealed_custom_fields for person in (gone, here)]
        assert kept == [None, left]

    async def test_are_nobody_elses_business(self, ask: Ask, add_user: AddUser, tenant: Tenant) -> None:
        bob = await add_user(tenant, "bob@example.org", custom_fields={"house": "north"})
        query = """query ($id: ID!) {
          user(id: $id) { customFields { value } externalIds { source } displayPreferences { theme } }
        }"""
        answer = await ask(query, {"id": str(bob.id)}, by=tenant.caller("learn"))
        assert answer["data"]["user"] == {"customFields": None, "externalIds": None, "displayPreferences": None}


class TestExternalIds:
    async def test_are_set_changed_and_removed(self, ask: Ask, ada: User, tenant: Tenant) -> None:
        seen: list[Any] = []
        for external_id in ("s-1", "s-2", None):
            asked = {"userId": str(ada.id), "source": "sis", "externalId": external_id}
            answer = await ask(EXTERNAL, {"input": asked}, by=tenant.caller("users:manage", "users:read"))
            seen.append([one["externalId"] for one in answer["data"]["setExternalId"]["user"]["externalIds"]])
        assert seen == [["s-1"], ["s-2"], []]

    async def test_name_one_person(self, ask: Ask, ada: User, add_user: AddUser, tenant: Tenant) -> None:
        bob = await add_user(tenant, "bob@example.org")
        answers = [
            await ask(
                EXTERNAL,
                {"input": {"userId": str(person.id), "source": "sis", "externalId": "s-1"}},
                by=tenant.caller("users:manage"),
            )
            for person in (ada, bob)
        ]
        assert answers[1]["data"]["setExternalId"]["userErrors"] == [{"code": "EXTERNAL_ID_TAKEN"}]


class TestPreferences:
    async def test_keep_what_is_not_named(self, ask: Ask, ada: User, tenant: Tenant) -> None:
        caller = tenant.caller(user_id=ada.id)
        await ask(PREFER, {"input": {"theme": "DARK"}}, by=caller)
        answer = await ask(PREFER, {"input": {"captions": True}}, by=caller)
        assert answer["data"]["setPreferences"]["user"]["displayPreferences"] == {
            "theme": "DARK",
            "captions": True,
            "weekStartsOn": 1,
        }

    async def test_a_week_has_seven_days(self, ask: Ask, ada: User, tenant: Tenant) -> None:
        asked = {"input": {"weekStartsOn": 8}}
        assert code_of(await ask(PREFER, asked, by=tenant.caller(user_id=ada.id))) == "BAD_USER_INPUT"
