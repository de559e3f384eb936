"""The analytics subgraph as its callers see it."""

from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import pytest

from shared.ids import uuid7
from shared.permissions.catalogue import built_in_id
from shared.roles import Role
from tests.queries import Queries
from tests.subgraphs.analytics.conftest import Happen
from tests.subgraphs.conftest import Ask, code_of
from tests.tenants import Tenant

FIGURES = "enrollments activeLearners completions averageProgress lastActivityAt"
COURSE = f"query ($id: ID!) {{ courseAnalytics(courseId: $id) {{ {FIGURES} }} }}"
RECORD = "mutation ($input: RecordActivityInput!) { recordActivity(input: $input) { recorded userErrors { code } } }"
ENTITIES = f"""query ($representations: [_Any!]!) {{
  _entities(representations: $representations) {{
    ... on Course {{ id analytics {{ {FIGURES} }} }}
    ... on Enrollment {{ engagement {{ band statements lastActiveAt }} }}
  }}
}}"""
NOTHING = {
    "enrollments": 0,
    "activeLearners": 0,
    "completions": 0,
    "averageProgress": None,
    "lastActivityAt": None,
}


@dataclass
class Course:
    """A course in which things happen."""

    happen: Happen
    tenant: Tenant
    id: UUID = field(default_factory=uuid7)

    async def publish(self) -> None:
        await self.happen(self.tenant.id, "courses.course-published.v1", course_id=self.id)

    async def enroll(self, learner: UUID | None = None, *, times: int = 1) -> tuple[UUID, UUID]:
        """The ids of the enrollment and of the learner."""
        enrollment, user = uuid7(), learner or uuid7()
        await self.happen(
            self.tenant.id,
            "courses.enrolled.v1",
            times=times,
            enrollment_id=enrollment,
            course_id=self.id,
            user_id=user,
        )
        return enrollment, user

    async def progress(self, enrolled: tuple[UUID, UUID], progress: float, **fields: Any) -> None:
        enrollment, user = enrolled
        await self.happen(
            self.tenant.id,
            "courses.progress-recorded.v1",
            enrollment_id=enrollment,
            course_id=self.id,
            user_id=user,
            item_id=uuid7(),
            progress=progress,
            **fields,
        )


@pytest.fixture
def course(happen: Happen, tenant: Tenant) -> Course:
    return Course(happen, tenant)


def statement(**fields: Any) -> dict[str, Any]:
    return {"verb": "EXPERIENCED", "objectId": str(uuid7()), "occurredAt": "2026-11-20T09:00:00Z", **fields}


class TestCourseAnalytics:
    async def test_are_worked_out_from_what_has_happened(self, ask: Ask, course: Course, tenant: Tenant) -> None:
        await course.publish()
        done, half, _ = [await course.enroll() for _ in range(3)]
        await course.progress(done, 0.5)
        await course.progress(done, 1.0)
        await course.progress(half, 0.5, occurred_at="2026-11-23T08:00:00Z")
        answer = await ask(COURSE, {"id": str(course.id)}, by=tenant.caller("analytics:read"))
        assert answer["data"]["courseAnalytics"] == {
            "enrollments": 3,
            "activeLearners": 2,
            "completions": 1,
            "averageProgress": 0.5,
            "lastActivityAt": "2026-11-23T08:00:00+00:00",
        }

    async def test_count_an_event_that_comes_again_once(self, ask: Ask, course: Course, tenant: Tenant) -> None:
        await course.enroll(times=3)
        answer = await ask(COURSE, {"id": str(course.id)}, by=tenant.caller("analytics:read"))
        assert answer["data"]["courseAnalytics"]["enrollments"] == 1

    async def test_of_a_course_in_which_nothing_has_happened_are_zero(
        self, ask: Ask, course: Course, tenant: Tenant
    ) -> None:
        await course.publish()
        answer = await ask(COURSE, {"id": str(course.id)}, by=tenant.caller("analytics:read"))
        assert answer == {"data": {"courseAnalytics": NOTHING}}

    async def test_need_the_scope(self, ask: Ask, tenant: Tenant) -> None:
        assert code_of(await ask(COURSE, {"id": str(uuid7())}, by=tenant.caller("learn"))) == "FORBIDDEN"
        assert code_of(await ask(COURSE, {"id": str(uuid7())})) == "UNAUTHENTICATED"

    async def test_of_another_tenants_course_are_like_those_of_one_that_never_was(
        self, ask: Ask, course: Course, other_tenant: Tenant
    ) -> None:
        await course.publish()
        await course.enroll()
        stranger = other_tenant.caller("analytics:read")
        foreign = await ask(COURSE, {"id": str(course.id)}, by=stranger)
        assert foreign == await ask(COURSE, {"id": str(uuid7())}, by=stranger) == {"data": {"courseAnalytics": None}}

    async def test_with_a_malformed_id_are_bad_input(self, ask: Ask, tenant: Tenant) -> None:
        assert code_of(await ask(COURSE, {"id": "x"}, by=tenant.caller("analytics:read"))) == "BAD_USER_INPUT"


class TestEntities:
    async def test_many_courses_take_one_statement_beside_the_callers_roles(
        self, ask: Ask, happen: Happen, tenant: Tenant, queries: Queries
    ) -> None:
        courses = [Course(happen, tenant) for _ in range(5)]
        for position, one in enumerate(courses):
            for _ in range(position):
                await one.enroll()
        wanted = [{"__typename": "Course", "id": str(one.id)} for one in courses]
        queries.clear()
        answer = await ask(ENTITIES, {"representations": wanted}, by=tenant.caller("analytics:read"))
        assert [one["analytics"]["enrollments"] for one in answer["data"]["_entities"]] == [0, 1, 2, 3, 4]
        assert len(queries) == 2

    async def test_figures_of_a_course_need_the_scope_and_leave_the_course_alone(
        self, ask: Ask, course: Course, tenant: Tenant
    ) -> None:
        wanted = [{"__typename": "Course", "id": str(course.id)}]
        answer = await ask(ENTITIES, {"representations": wanted}, by=tenant.caller("learn"))
        assert code_of(answer) == "FORBIDDEN"
        assert answer["data"]["_entities"] == [{"id": str(course.id), "analytics": None}]


class TestEngagement:
    @pytest.mark.parametrize(
        ("progress", "band"),
        [
            (0, "NOT_STARTED"),
            (0.01, "STARTED"),
            (0.49, "STARTED"),
            (0.5, "HALFWAY"),
            (0.99, "HALFWAY"),
            (1, "COMPLETED"),
        ],
    )
    async def test_names_how_far_the_learner_has_come(
        self, ask: Ask, tenant: Tenant, progress: float, band: str
    ) -> None:
        wanted = [{"__typename": "Enrollment", "id": str(uuid7()), "progress": progress}]
        answer = await ask(ENTITIES, {"representations": wanted}, by=tenant.caller("learn"))
        assert answer == {
            "data": {"_entities": [{"engagement": {"band": band, "statements": 0, "lastActiveAt": None}}]}
        }

    async def test_of_many_enrollments_takes_one_statement(
        self, ask: Ask, course: Course, tenant: Tenant, queries: Queries
    ) -> None:
        people = [await course.enroll() for _ in range(4)]
        for count, enrolled in enumerate(people):
            for _ in range(count):
                await course.progress(enrolled, 0.3)
        wanted = [{"__typename": "Enrollment", "id": str(id_), "progress": 0.3} for id_, _ in people]
        queries.clear()
        answer = await ask(ENTITIES, {"representations": wanted}, by=tenant.caller("analytics:read"))
        assert [one["engagement"]["statements"] for one in answer["data"]["_entities"]] == [0, 1, 2, 3]
        assert len(queries) == 2

    async def test_is_shown_to_the_learner_and_to_nobody_else_without_the_scope(
        self, ask: Ask, course: Course, tenant: Tenant
    ) -> None:
        enrollment, learner = await course.enroll()
        wanted = {"representations": [{"__typename": "Enrollment", "id": str(enrollment), "progress": 1.0}]}
        own = await ask(ENTITIES, wanted, by=tenant.caller("learn", user_id=learner))
        assert own["data"]["_entities"][0]["engagement"]["band"] == "COMPLETED"
        answer = await ask(ENTITIES, wanted, by=tenant.caller("learn"))
        assert (code_of(answer), answer["data"]) == ("FORBIDDEN", {"_entities": [{"engagement": None}]})


class TestRecordActivity:
    async def test_counts_towards_the_course_of_an_enrolled_learner(
        self, ask: Ask, course: Course, tenant: Tenant
    ) -> None:
        _, learner = await course.enroll()
        ada = tenant.caller("learn", user_id=learner)
        told = [statement(courseId=str(course.id), occurredAt=f"2026-11-20T09:0{n}:00Z") for n in range(3)]
        answer = await ask(RECORD, {"input": {"statements": told}}, by=ada)
        assert answer == {"data": {"recordActivity": {"recorded": 3, "userErrors": []}}}
        figures = await ask(COURSE, {"id": str(course.id)}, by=tenant.caller("analytics:read"))
        assert figures["data"]["courseAnalytics"]["activeLearners"] == 1
        assert figures["data"]["courseAnalytics"]["lastActivityAt"] == "2026-11-20T09:02:00+00:00"

    async def test_of_somebody_who_is_not_enrolled_changes_no_figure(
        self, ask: Ask, course: Course, tenant: Tenant
    ) -> None:
        await course.publish()
        told = [statement(courseId=str(course.id))]
        await ask(RECORD, {"input": {"statements": told}}, by=tenant.caller("learn"))
        figures = await ask(COURSE, {"id": str(course.id)}, by=tenant.caller("analytics:read"))
        assert figures == {"data": {"courseAnalytics": NOTHING}}

    async def test_of_a_time_before_the_enrolment_is_kept_and_counts_for_nothing(
        self, ask: Ask, course: Course, tenant: Tenant
    ) -> None:
        enrollment, learner = await course.enroll()
        ada = tenant.caller("learn", user_id=learner)
        told = [statement(courseId=str(course.id), occurredAt="2026-10-31T23:00:00Z")]
        answer = await ask(RECORD, {"input": {"statements": told}}, by=ada)
        assert answer["data"]["recordActivity"]["recorded"] == 1
        wanted = [{"__typename": "Enrollment", "id": str(enrollment), "progress": 0.0}]
        answer = await ask(ENTITIES, {"representations": wanted}, by=ada)
        assert answer["data"]["_entities"] == [
            {"engagement": {"band": "NOT_STARTED", "statements": 0, "lastActiveAt": None}}
        ]
        figures = await ask(COURSE, {"id": str(course.id)}, by=tenant.caller("analytics:read"))
        assert figures["data"]["courseAnalytics"]["activeLearners"] == 0
        assert figures["data"]["courseAnalytics"]["lastActivityAt"] is None

    async def test_makes_no_course_of_an_id_nobody_has_given_one(self, ask: Ask, tenant: Tenant) -> None:
        nowhere = str(uuid7())
        await ask(RECORD, {"input": {"statements": [statement(courseId=nowhere)]}}, by=tenant.caller("learn"))
        figures = await ask(COURSE, {"id": nowhere}, by=tenant.caller("analytics:read"))
        assert figures == {"data": {"courseAnalytics": None}}

    async def test_takes_up_to_500_at_once(self, ask: Ask, tenant: Tenant) -> None:
        told = [statement() for _ in range(500)]
        answer = await ask(RECORD, {"input": {"statements": told}}, by=tenant.caller("learn"))
        assert answer["data"]["recordActivity"]["recorded"] == 500

    @pytest.mark.parametrize(
        "told",
        [
            [],
            [statement()] * 501,
            [statement(objectId="x")],
            [statement(courseId="x")],
            [statement(), statement(occurredAt="2999-01-01T00:00:00Z")],
            [statement(), statement(occurredAt="1999-12-31T23:59:59Z")],
            [statement(occurredAt="0001-01-01T00:00:00")],
            [statement(occurredAt="0001-01-01T00:00:00+14:00")],
            [statement(occurredAt="9999-12-31T23:59:59-14:00")],
        ],
        ids=["none", "501", "object", "course", "future", "past", "first day", "before time", "after time"],
    )
    async def test_refuses_what_it_cannot_keep(self, ask: Ask, tenant: Tenant, told: list[Any]) -> None:
        answer = await ask(RECORD, {"input": {"statements": told}}, by=tenant.caller("learn"))
        assert code_of(answer) == "BAD_USER_INPUT"

    async def test_needs_somebody_who_learns(self, ask: Ask, tenant: Tenant) -> None:
        told = {"input": {"statements": [statement()]}}
        assert code_of(await ask(RECORD, told, by=tenant.caller())) == "FORBIDDEN"
        answer = await ask(RECORD, told)
        assert (code_of(answer), answer["data"]) == ("UNAUTHENTICATED", {"recordActivity": None})

    async def test_sent_again_with_its_key_is_kept_once(self, ask: Ask, course: Course, tenant: Tenant) -> None:
        enrollment, learner = await course.enroll()
        ada = tenant.caller("learn", user_id=learner)
        told = {"statements": [statement(courseId=str(course.id))], "idempotencyKey": "k"}
        first = await ask(RECORD, {"input": told}, by=ada)
        assert await ask(RECORD, {"input": told}, by=ada) == first
        wanted = [{"__typename": "Enrollment", "id": str(enrollment), "progress": 0.0}]
        answer = await ask(ENTITIES, {"representations": wanted}, by=ada)
        assert answer["data"]["_entities"][0]["engagement"]["statements"] == 1
        other = {**told, "statements": [statement()]}
        assert code_of(await ask(RECORD, {"input": other}, by=ada)) == "IDEMPOTENCY_KEY_REUSED"


class TestRolesAtACourse:
    async def test_let_their_holders_see_its_figures_and_no_others(
        self, ask: Ask, happen: Happen, tenant: Tenant
    ) -> None:
        own, other = Course(happen, tenant), Course(happen, tenant)
        enrolled = [(await one.enroll())[0] for one in (own, other)]
        teacher = replace(tenant.caller("learn"), auth_time=0)
        told = {
            "assignment_id": uuid7(),
            "version": 1,
            "user_id": teacher.user_id,
            "role_id": built_in_id(tenant.id, Role.INSTRUCTOR),
            "place_kind": "COURSE",
            "place_id": own.id,
            "valid_to": None,
            "revoked": False,
        }
        await happen(tenant.id, "auth.role-assignment-changed.v1", **told)
        wanted = [
            *({"__typename": "Course", "id": str(one.id)} for one in (own, other)),
            *({"__typename": "Enrollment", "id": str(one), "progress": 0.5} for one in enrolled),
        ]
        answer = await ask(ENTITIES, {"representations": wanted}, by=teacher)
        seen = [one.get("analytics") or one.get("engagement") for one in answer["data"]["_entities"]]
        assert [one is not None for one in seen] == [True, False, True, False]
        figures = await ask(COURSE, {"id": str(own.id)}, by=teacher)
        assert figures["data"]["courseAnalytics"]["enrollments"] == 1
        assert code_of(await ask(COURSE, {"id": str(other.id)}, by=teacher)) == "FORBIDDEN"
        await happen(tenant.id, "auth.role-assignment-changed.v1", **told | {"version": 2, "revoked": True})
        assert code_of(await ask(COURSE, {"id": str(own.id)}, by=teacher)) == "FORBIDDEN"
