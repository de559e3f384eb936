"""Roles at single courses, which the auth subgraph assigns and tells of."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from shared.caller import Caller, service_caller
from shared.database import unit_of_work
from shared.errors import Forbidden
from shared.ids import uuid7
from shared.permissions.catalogue import built_in_id
from shared.permissions.feed import rights_of
from shared.permissions.places import PlaceKind
from shared.roles import Role
from subgraphs.auth.events import RoleAssignmentChanged, RoleChanged
from subgraphs.courses import service
from subgraphs.courses.consumers import HANDLERS
from subgraphs.courses.models import Course
from tests.factories.courses import Campus, once_only
from tests.queries import Queries

COURSE = "query ($id: ID!) { course(id: $id) { slug } }"
MINE = (
    "query ($course: ID!) { myEnrollments { edges { node { id } } } course(id: $course) { viewerEnrollment { id } } }"
)
ENROLLMENT = "query ($id: ID!) { enrollment(id: $id) { progress } }"


async def hear(campus: Campus, told: RoleChanged | RoleAssignmentChanged) -> None:
    """Handle an event as it comes over the bus."""
    handler = HANDLERS[told.topic]
    payload = msgspec.json.decode(msgspec.json.encode(told), type=handler.payload)
    async with unit_of_work(campus.sessions, service_caller(campus.tenant.id, "courses")) as session:
        await handler.handle(session, payload)


def assigned(campus: Campus, person: Caller, course: Course, **changes: Any) -> RoleAssignmentChanged:
    """Somebody is an instructor at a course, unless `changes` say otherwise."""
    values: dict[str, Any] = {
        "tenant_id": campus.tenant.id,
        "assignment_id": uuid7(),
        "version": 1,
        "user_id": person.require_user(),
        "role_id": built_in_id(campus.tenant.id, Role.INSTRUCTOR),
        "place_kind": PlaceKind.COURSE,
        "place_id": course.id,
        "valid_to": None,
        "revoked": False,
    }
    return RoleAssignmentChanged(**values | changes)


@pytest.fixture
def ada(campus: Campus) -> Caller:
    """A learner who calls herself."""
    return replace(campus.learner, auth_time=0)


async def publish(campus: Campus, caller: Caller, course: Course) -> None:
    """Put something in a course and publish it."""
    async with unit_of_work(campus.sessions, caller) as session:
        await service.upsert_module(
            session,
            once_only(),
            course_id=course.id,
            module_id=None,
            title="Week",
            item_ids=[uuid7()],
            expected_version=None,
        )
        await service.publish_course(session, once_only(), course.id, expected_version=None)


class TestInstructorsOfOneCourse:
    async def test_change_and_publish_it_and_no_other(self, campus: Campus, ada: Caller) -> None:
        hers, other = await campus.draft("hers"), await campus.draft("other")
        await hear(campus, assigned(campus, ada, hers))
        await publish(campus, ada, hers)
        with pytest.raises(Forbidden):
            await publish(campus, ada, other)
        async with unit_of_work(campus.sessions, ada) as session:
            with pytest.raises(Forbidden):
                await service.create_course(session, once_only(), slug="new", title="New", summary="")

    async def test_see_its_draft_and_its_learners_records(self, campus: Campus, ada: Caller) -> None:
        draft, running, other = await campus.draft(), await campus.course("running"), await campus.course("other")
        theirs, foreign = [str(await campus.enroll(course, campus.someone())) for course in (running, other)]
        assert (await campus.ask(ada, COURSE, id=str(draft.id)))["data"]["course"] is None
        assert (await campus.ask(ada, ENROLLMENT, id=theirs))["data"]["enrollment"] is None
        for course in (draft, running):
            await hear(campus, assigned(campus, ada, course))
        assert (await campus.ask(ada, COURSE, id=str(draft.id)))["data"]["course"] == {"slug": "algebra"}
        assert (await campus.ask(ada, ENROLLMENT, id=theirs))["data"]["enrollment"] == {"progress": 0}
        assert (await campus.ask(ada, ENROLLMENT, id=foreign))["data"]["enrollment"] is None

    async def test_lend_it_to_no_program(self, campus: Campus, ada: Caller) -> None:
        course = await campus.draft()
        await hear(campus, assigned(campus, ada, course))
        for program in (replace(ada, auth_time=None), replace(ada, client_id=uuid7())):
            with pytest.raises(Forbidden):
                await publish(campus, program, course)

    async def test_show_what_one_learns_to_apps_that_may_learn_for_them(self, campus: Campus) -> None:
        course, lena = await campus.course("running"), campus.someone()
        enrollment = str(await campus.enroll(course, lena))
        app = replace(lena, client_id=uuid7())
        for caller, sees in ((lena, True), (app, True), (replace(app, scopes=frozenset({"openid"})), False)):
            answer = await campus.ask(caller, MINE, course=str(course.id))
            found = await campus.ask(caller, ENROLLMENT, id=enrollment)
            assert (enrollment in str(answer)) == sees == (found["data"]["enrollment"] is not None)

    async def test_may_not_after_it_was_revoked_or_has_ended(self, campus: Campus, ada: Caller) -> None:
        course, past = await campus.draft(), datetime.now(UTC) - timedelta(seconds=1)
        told = assigned(campus, ada, course)
        await hear(campus, told)
        for later in ({"revoked": True, "version": 2}, {"valid_to": past, "version": 3}):
            await hear(campus, msgspec.structs.replace(told, **later))
            with pytest.raises(Forbidden):
                await publish(campus, ada, course)


class TestAdjustedRoles:
    async def test_give_what_the_tenant_has_made_of_them(self, campus: Campus, ada: Caller) -> None:
        course, role_id = await campus.draft(), built_in_id(campus.tenant.id, Role.INSTRUCTOR)
        await hear(campus, assigned(campus, ada, course))
        told = RoleChanged(tenant_id=campus.tenant.id, role_id=role_id, version=2, permissions=["learn"], forbids=[])
        await hear(campus, told)
        with pytest.raises(Forbidden):
            await publish(campus, ada, course)


class TestForbiddingRoles:
    async def test_keep_authors_of_everything_out_of_a_course(self, campus: Campus) -> None:
        course, other = await campus.draft(), await campus.draft("other")
        role_id = uuid7()
        told = RoleChanged(
            tenant_id=campus.tenant.id, role_id=role_id, version=1, permissions=[], forbids=[service.AUTHOR]
        )
        await hear(campus, assigned(campus, campus.author, course, role_id=role_id))
        await publish(campus, campus.author, other)
        await hear(campus, told)
        with pytest.raises(Forbidden):
            await publish(campus, campus.author, course)


class TestEvents:
    async def test_of_the_past_change_nothing(self, campus: Campus, ada: Caller) -> None:
        """They come again, and in any order."""
        course, role_id = await campus.draft(), uuid7()
        told = assigned(campus, ada, course, role_id=role_id)
        given = RoleChanged(
            tenant_id=campus.tenant.id, role_id=role_id, version=1, permissions=[service.AUTHOR], forbids=[]
        )
        await hear(campus, msgspec.structs.replace(given, version=2, permissions=["learn"]))
        await hear(campus, given)
        await hear(campus, msgspec.structs.replace(told, version=2, revoked=True))
        await hear(campus, told)
        async with campus.sessions.read(ada) as session:
            assert (await rights_of(session)).grants == ()
        await hear(campus, msgspec.structs.replace(told, version=3))
        async with campus.sessions.read(ada) as session:
            [grant] = (await rights_of(session)).grants
        assert grant.permissions == {"learn"}

    async def test_of_another_tenant_stay_there(self, campus: Campus, rival: Campus, ada: Caller) -> None:
        course = await campus.draft()
        await hear(rival, assigned(rival, ada, course))
        with pytest.raises(Forbidden):
            await publish(campus, ada, course)


async def test_drafts_on_a_page_take_one_statement_for_rights(campus: Campus, queries: Queries) -> None:
    drafts = [await campus.draft(f"draft-{number}") for number in range(3)]
    query = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Course { slug } } }"
    references = [{"__typename": "Course", "id": str(draft.id)} for draft in drafts]
    queries.clear()
    found = await campus.ask(campus.author, query, r=references)
    assert [one["slug"] for one in found["data"]["_entities"]] == [draft.slug for draft in drafts]
    assert len(queries) == 2
