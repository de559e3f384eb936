"""Policies that cannot be used stop what would use them."""

import pytest

from shared.caller import TenantId
from shared.ids import uuid7
from shared.permissions.places import Place, PlaceKind, Resource
from shared.permissions.policies import FOLDER, Person, Policies, PoliciesInvalid, policies

SCHEMA = (FOLDER / "schema.cedarschema").read_text()
ROLES = (FOLDER / "roles.cedar").read_text()


class TestReading:
    def test_the_platforms_own_fit_their_schema(self) -> None:
        assert policies() is policies()

    @pytest.mark.parametrize(
        ("policy", "complaint"),
        [
            ("permit (principal", "unexpected"),
            ("permit (principal, action, resource) when { principal.age > 3 };", "age"),
            ('permit (principal, action == Action::"fly", resource);', "fly"),
            ("permit (principal is Robot, action, resource);", "Robot"),
            ('permit (principal == Person::"ada", action, resource);', 'Person::"ada"'),
            ('permit (principal, action, resource) when { principal.tenant == Tenant::"x" };', 'Tenant::"x"'),
        ],
        ids=["malformed", "unknown attribute", "unknown action", "unknown type", "one person", "one tenant"],
    )
    def test_refuses_what_does_not_fit(self, policy: str, complaint: str) -> None:
        with pytest.raises(PoliciesInvalid, match=complaint):
            Policies(SCHEMA, ROLES + policy)

    def test_refuses_a_schema_without_one_of_the_permissions(self) -> None:
        with pytest.raises(PoliciesInvalid, match="audit:read"):
            Policies(SCHEMA.replace('  "audit:read",\n', ""), ROLES)

    def test_refuses_a_schema_that_is_none(self) -> None:
        with pytest.raises(PoliciesInvalid):
            Policies("entity;", ROLES)


class TestShapes:
    """What was decided about one question counts for another only if the places lie to each other alike."""

    @pytest.mark.parametrize("earlier", [True, False], ids=["after one that is allowed", "after one that is not"])
    def test_the_same_places_otherwise_are_another_question(self, earlier: bool) -> None:  # noqa: FBT001
        fresh, tenant, other = Policies.read(), TenantId(uuid7()), TenantId(uuid7())
        here, there = (Place(PlaceKind.COURSE, uuid7()) for _ in range(2))
        unit = Place(PlaceKind.ORG, here.id)
        asked = Resource(tenant, here)
        allowed = [Person(tenant, uuid7(), held, ()) for held in ((here,), (there, here))]
        refused = [
            Person(tenant, uuid7(), (there,), ()),
            Person(tenant, uuid7(), (unit,), ()),
            Person(tenant, uuid7(), (here,), (here,)),
            Person(other, uuid7(), (here,), ()),
            Person(other, uuid7(), (Place(PlaceKind.TENANT, other),), ()),
        ]
        questions = [(person, True) for person in allowed] + [(person, False) for person in refused]
        for _ in range(2):
            for person, expected in sorted(questions, key=lambda one: one[1] is not earlier):
                assert fresh.allow(person, "learn", asked) is expected
        assert not fresh.allow(allowed[0], "learn", Resource(tenant, there))
        assert fresh.allow(allowed[0], "learn", Resource(tenant, there, within=(here,)))
