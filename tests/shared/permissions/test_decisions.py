"""Who may do what, where."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.caller import Caller, TenantId, UserId, service_caller
from shared.errors import Forbidden
from shared.ids import uuid7
from shared.permissions.catalogue import NOT_IN_ANOTHERS_NAME, PERMISSIONS
from shared.permissions.decisions import Rights
from shared.permissions.grants import Grant
from shared.permissions.places import Place, PlaceKind, Resource

NOW = datetime(2026, 3, 1, tzinfo=UTC)
WRITE = "courses:write"
TENANT, OTHER_TENANT = TenantId(uuid7()), TenantId(uuid7())
UNIT, COURSE, SECTION = (Place(kind, uuid7()) for kind in (PlaceKind.ORG, PlaceKind.COURSE, PlaceKind.SECTION))
ALGEBRA = Resource(TENANT, COURSE, within=(UNIT,))


def somebody(*scopes: str, tenant_id: TenantId = TENANT) -> Caller:
    """A person who calls themselves."""
    return Caller(tenant_id, UserId(uuid7()), "LEARNER", frozenset(scopes), uuid7(), auth_time=0)


def program(*scopes: str) -> Caller:
    """What a program has that somebody lent scopes."""
    return Caller(TENANT, UserId(uuid7()), "LEARNER", frozenset(scopes), uuid7())


def rights(caller: Caller, *grants: Grant) -> Rights:
    """What a caller may do at the time of these tests."""
    return Rights.of(caller, grants, NOW)


def giving(place: Place, *permissions: str, valid_to: datetime | None = None) -> Grant:
    """A role at a place that gives permissions."""
    return Grant(place, frozenset(permissions), valid_to=valid_to)


def forbidding(place: Place, *permissions: str) -> Grant:
    """A role at a place that takes permissions away."""
    return Grant(place, frozenset(), frozenset(permissions))


class TestHolding:
    def test_who_holds_nothing_may_do_nothing(self) -> None:
        assert rights(somebody()).at(ALGEBRA) == []

    def test_what_the_token_says_counts_in_the_whole_tenant(self) -> None:
        caller = rights(somebody(WRITE))
        assert caller.at(ALGEBRA) == [WRITE]
        assert caller.at(Resource.tenant(TENANT)) == [WRITE]

    @pytest.mark.parametrize("place", [COURSE, UNIT], ids=["there", "above"])
    def test_a_role_counts_where_it_is_assigned_and_below(self, place: Place) -> None:
        assert rights(somebody("learn"), giving(place, WRITE)).at(ALGEBRA) == [WRITE, "learn"]

    def test_a_role_counts_neither_above_nor_beside(self) -> None:
        caller = rights(somebody(), giving(COURSE, WRITE))
        assert caller.at(Resource.tenant(TENANT)) == []
        assert caller.at(Resource(TENANT, UNIT)) == []
        assert caller.at(Resource.course(TENANT, uuid7(), within=(UNIT,))) == []

    def test_a_course_and_a_section_of_one_id_are_two_places(self) -> None:
        same = Place(PlaceKind.SECTION, COURSE.id)
        assert rights(somebody(), giving(same, WRITE)).at(ALGEBRA) == []

    def test_what_is_held_at_a_course_counts_in_its_sections(self) -> None:
        section = Resource(TENANT, SECTION, within=(COURSE, UNIT))
        assert rights(somebody(), giving(COURSE, WRITE)).at(section) == [WRITE]

    @pytest.mark.parametrize(("ends_in", "counts"), [(1, True), (0, False), (-1, False)])
    def test_a_role_ends(self, ends_in: int, counts: bool) -> None:  # noqa: FBT001
        grant = giving(COURSE, WRITE, valid_to=NOW + timedelta(seconds=ends_in))
        assert rights(somebody(), grant).allow(WRITE, ALGEBRA) is counts

    def test_refuses_by_name_of_the_permission(self) -> None:
        with pytest.raises(Forbidden) as refused:
            rights(somebody()).require(WRITE, ALGEBRA)
        assert refused.value.extensions == {"scope": WRITE}
        rights(somebody(WRITE)).require(WRITE, ALGEBRA)


class TestForbidding:
    @pytest.mark.parametrize("place", [COURSE, UNIT, Place(PlaceKind.TENANT, TENANT)], ids=["there", "above", "top"])
    def test_wins_over_whatever_gives(self, place: Place) -> None:
        caller = rights(somebody(WRITE, "learn"), giving(COURSE, WRITE), forbidding(place, WRITE))
        assert caller.at(ALGEBRA) == ["learn"]

    def test_leaves_other_places_alone(self) -> None:
        caller = rights(somebody(WRITE), forbidding(COURSE, WRITE))
        assert caller.allow(WRITE, Resource.course(TENANT, uuid7(), within=(UNIT,)))

    def test_counts_for_programs_too(self) -> None:
        assert not rights(program(WRITE), forbidding(COURSE, WRITE)).allow(WRITE, ALGEBRA)


class TestPrograms:
    def test_have_what_their_token_says(self) -> None:
        assert rights(program(WRITE)).at(ALGEBRA) == [WRITE]

    @pytest.mark.parametrize("client_id", [None, uuid7()], ids=["API token", "app that its person uses"])
    def test_do_not_get_what_their_person_holds_at_single_places(self, client_id: UUID | None) -> None:
        auth_time = None if client_id is None else 0
        caller = replace(program("learn"), client_id=client_id, auth_time=auth_time)
        assert rights(caller, giving(COURSE, WRITE)).at(ALGEBRA) == ["learn"]

    def test_applications_that_call_for_nobody_have_what_their_token_says(self) -> None:
        app = Caller(TENANT, None, "APP", frozenset({WRITE}), uuid7(), client_id=uuid7())
        assert rights(app).at(ALGEBRA) == [WRITE]

    def test_services_of_the_platform_hold_nothing(self) -> None:
        assert rights(service_caller(TENANT, "courses"), giving(COURSE, WRITE)).at(ALGEBRA) == []


class TestImpersonators:
    def test_leave_nothing_behind_that_would_last(self) -> None:
        caller = replace(somebody(*PERMISSIONS), impersonator_id=UserId(uuid7()))
        assert rights(caller).at(Resource.tenant(TENANT)) == sorted(PERMISSIONS.keys() - NOT_IN_ANOTHERS_NAME)

    def test_may_where_the_person_holds_something_what_they_may(self) -> None:
        caller = replace(somebody("learn"), auth_time=None, impersonator_id=UserId(uuid7()))
        assert rights(caller, giving(COURSE, WRITE)).at(ALGEBRA) == [WRITE, "learn"]


class TestTenants:
    def test_nobody_does_anything_in_another_tenant(self) -> None:
        caller = rights(somebody(*PERMISSIONS, tenant_id=OTHER_TENANT), giving(COURSE, WRITE), giving(UNIT, WRITE))
        assert caller.at(ALGEBRA) == []
        assert caller.at(Resource.tenant(TENANT)) == []


IDS = [UUID(int=number) for number in range(1, 4)]
places = st.builds(Place, st.sampled_from([PlaceKind.ORG, PlaceKind.COURSE]), st.sampled_from(IDS))
permission_sets = st.frozensets(st.sampled_from(["learn", WRITE]))
grants = st.builds(Grant, places, permission_sets, permission_sets)


@settings(max_examples=40)
@given(st.lists(grants, max_size=5), permission_sets, places, st.lists(places, max_size=3, unique=True))
def test_decides_as_the_rules_say_in_words(
    held: list[Grant], scopes: frozenset[str], place: Place, within: list[Place]
) -> None:
    resource = Resource(TENANT, place, tuple(one for one in within if one != place))
    caller = rights(somebody(*scopes), *held)
    for name in ("learn", WRITE):
        near = [grant for grant in held if grant.place in resource.around]
        given_here = name in scopes or any(name in grant.permissions for grant in near)
        assert caller.allow(name, resource) is (given_here and not any(name in grant.forbids for grant in near))
