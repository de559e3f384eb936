"""Policies that cannot be used stop what would use them."""

import pytest

from shared.permissions.policies import FOLDER, Policies, PoliciesInvalid, policies

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
        ],
        ids=["malformed", "unknown attribute", "unknown action", "unknown type"],
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
