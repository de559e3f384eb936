"""The courses subgraph as its clients and the router ask it."""

from base64 import urlsafe_b64encode
from typing import Any

import pytest

from shared.ids import uuid7
from tests.factories.courses import Campus
from tests.queries import Queries

CREATE = """
mutation($slug: String! = "algebra", $title: String! = "Algebra") {
  createCourse(input: {slug: $slug, title: $title}) {
    course { id slug title summary status version }
    userErrors { code path }
  }
}
"""
UPSERT = """
mutation($course: ID!, $items: [ID!]!, $id: ID) {
  upsertModule(input: {courseId: $course, id: $id, title: "Week", itemIds: $items}) {
    module { id title items { id position item { id } } }
    course { version }
    userErrors { code }
  }
}
"""
PUBLISH = """
mutation($id: ID!, $version: Int) {
  publishCourse(input: {id: $id, expectedVersion: $version}) {
    course { status publishedAt }
    userErrors { code message path }
  }
}
"""
ENROLL = """
mutation($id: ID!) {
  enroll(input: {courseId: $id}) {
    enrollment { id state progress user { id } course { slug viewerEnrollment { id } enrollmentCount } }
    userErrors { code }
  }
}
"""
PROGRESS = """
mutation($enrollment: ID!, $item: ID!, $percent: Int!) {
  recordProgress(input: {enrollmentId: $enrollment, itemId: $item, percent: $percent}) {
    enrollment { state progress version }
    userErrors { code }
  }
}
"""
CATALOG = """
query($first: Int! = 20, $after: String) {
  catalog(first: $first, after: $after) {
    edges { node { id slug title enrollmentCount viewerEnrollment { id state progress } } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
OUTLINE = """
query($slug: String!) {
  course(slug: $slug) {
    title
    viewerEnrollment { id progress }
    modules { id title items { id item { id viewerProgress { percent completedAt } } } }
  }
}
"""
COURSE = "query($id: ID, $slug: String) { course(id: $id, slug: $slug) { id } }"


def code(answer: dict[str, Any]) -> str:
    """The code of an answer's only error."""
    (error,) = answer["errors"]
    return error["extensions"]["code"]


class TestAuthoring:
    async def test_a_course_is_made_filled_and_published(self, campus: Campus) -> None:
        made = (await campus.ask(campus.author, CREATE))["data"]["createCourse"]
        assert made["userErrors"] == []
        assert made["course"]["status"] == "DRAFT"
        id_, items = made["course"]["id"], [str(uuid7()), str(uuid7())]
        filled = (await campus.ask(campus.author, UPSERT, course=id_, items=items))["data"]["upsertModule"]
        assert [place["item"]["id"] for place in filled["module"]["items"]] == items
        published = (await campus.ask(campus.author, PUBLISH, id=id_))["data"]["publishCourse"]
        assert published["course"]["status"] == "PUBLISHED"
        assert published["course"]["publishedAt"] is not None

    async def test_a_place_keeps_its_identity_when_its_module_changes(self, campus: Campus) -> None:
        course = await campus.draft()
        first, second, third = (str(uuid7()) for _ in range(3))
        before = (await campus.ask(campus.author, UPSERT, course=str(course.id), items=[first, second]))["data"]
        module = before["upsertModule"]["module"]
        after = await campus.ask(
            campus.author, UPSERT, course=str(course.id), id=module["id"], items=[second, third, first]
        )
        changed = after["data"]["upsertModule"]["module"]
        assert [place["item"]["id"] for place in changed["items"]] == [second, third, first]
        kept = {place["item"]["id"]: place["id"] for place in changed["items"]}
        assert {place["item"]["id"]: place["id"] for place in module["items"]} == {
            id_: kept[id_] for id_ in (first, second)
        }

    async def test_a_bad_item_is_named_by_its_place(self, campus: Campus) -> None:
        course = await campus.draft()
        answer = await campus.ask(campus.author, UPSERT, course=str(course.id), items=[str(uuid7()), "7"])
        assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "field": "itemIds.1"}

    async def test_refusals_are_data(self, campus: Campus) -> None:
        await campus.ask(campus.author, CREATE)
        taken = (await campus.ask(campus.author, CREATE))["data"]["createCourse"]
        assert taken == {"course": None, "userErrors": [{"code": "SLUG_TAKEN", "path": ["input", "slug"]}]}

    async def test_an_empty_course_is_not_published(self, campus: Campus) -> None:
        course = await campus.draft()
        answer = (await campus.ask(campus.author, PUBLISH, id=str(course.id)))["data"]["publishCourse"]
        assert answer["course"] is None
        assert answer["userErrors"][0]["code"] == "COURSE_EMPTY"

    async def test_a_course_is_published_once(self, campus: Campus) -> None:
        course = await campus.course()
        answer = (await campus.ask(campus.author, PUBLISH, id=str(course.id)))["data"]["publishCourse"]
        assert answer["userErrors"][0]["code"] == "ALREADY_PUBLISHED"

    async def test_a_stale_version_is_refused(self, campus: Campus) -> None:
        course = await campus.draft()
        answer = (await campus.ask(campus.author, PUBLISH, id=str(course.id), version=7))["data"]["publishCourse"]
        assert answer["userErrors"][0]["code"] == "VERSION_CONFLICT"
        assert answer["userErrors"][0]["path"] == ["input", "expectedVersion"]

    @pytest.mark.parametrize(
        ("title", "slug"),
        [("", "x"), (" ", "x"), ("x" * 201, "x"), ("X", ""), ("X", "A b"), ("X", "a--b"), ("\0", "x")],
    )
    async def test_bad_input_is_a_coded_error(self, campus: Campus, title: str, slug: str) -> None:
        assert code(await campus.ask(campus.author, CREATE, title=title, slug=slug)) == "BAD_USER_INPUT"


class TestAccess:
    @pytest.mark.parametrize("operation", [CATALOG, COURSE, CREATE, "{ myEnrollments { edges { cursor } } }"])
    async def test_an_anonymous_request_is_refused(self, campus: Campus, operation: str) -> None:
        assert code(await campus.ask(None, operation)) == "UNAUTHENTICATED"

    async def test_learners_cannot_author(self, campus: Campus) -> None:
        course = await campus.draft()
        operations: dict[str, dict[str, Any]] = {
            CREATE: {},
            UPSERT: {"course": str(course.id), "items": []},
            PUBLISH: {"id": str(course.id)},
        }
        for operation, variables in operations.items():
            assert code(await campus.ask(campus.learner, operation, **variables)) == "FORBIDDEN"

    async def test_a_draft_is_invisible_to_learners(self, campus: Campus) -> None:
        course = await campus.draft("secret")
        for variables in ({"id": str(course.id)}, {"slug": "secret"}):
            assert await campus.ask(campus.learner, COURSE, **variables) == {"data": {"course": None}}
            assert (await campus.ask(campus.author, COURSE, **variables))["data"]["course"]["id"] == str(course.id)
        assert code(await campus.ask(campus.learner, ENROLL, id=str(course.id))) == "NOT_FOUND"
        assert (await campus.ask(campus.author, CATALOG))["data"]["catalog"]["edges"] == []

    async def test_another_tenants_course_never_existed(self, campus: Campus, rival: Campus) -> None:
        course = await campus.course()
        unknown = str(uuid7())
        for operation in (COURSE, ENROLL, PUBLISH):
            theirs = await rival.ask(rival.author, operation, id=str(course.id))
            assert theirs == await rival.ask(rival.author, operation, id=unknown)

    async def test_an_enrollment_is_for_its_learner_and_for_authors(self, campus: Campus, rival: Campus) -> None:
        id_ = str(await campus.enroll(await campus.course()))
        query = "query($id: ID!) { enrollment(id: $id) { id } }"
        for caller in (campus.learner, campus.author):
            assert (await campus.ask(caller, query, id=id_))["data"]["enrollment"] == {"id": id_}
        assert await campus.ask(campus.someone(), query, id=id_) == {"data": {"enrollment": None}}
        assert await rival.ask(rival.author, query, id=id_) == {"data": {"enrollment": None}}

    async def test_a_malformed_id_is_a_coded_error(self, campus: Campus) -> None:
        for operation in (COURSE, ENROLL, PUBLISH):
            assert code(await campus.ask(campus.author, operation, id="7")) == "BAD_USER_INPUT"

    @pytest.mark.parametrize(
        ("variables", "said"), [({}, "or its `slug`"), ({"id": str(uuid7()), "slug": "algebra"}, "not both")]
    )
    async def test_a_course_is_asked_for_by_id_or_by_slug(
        self, campus: Campus, variables: dict[str, str], said: str
    ) -> None:
        answer = await campus.ask(campus.learner, COURSE, **variables)
        assert code(answer) == "BAD_USER_INPUT"
        assert said in answer["errors"][0]["message"]

    @pytest.mark.parametrize("slug", ["", "a\0b", "a" * 5_000])
    async def test_no_course_has_a_slug_that_cannot_be_kept(self, campus: Campus, slug: str) -> None:
        assert await campus.ask(campus.learner, COURSE, slug=slug) == {"data": {"course": None}}
        query = "query($r: [_Any!]!) { _entities(representations: $r) { ... on Course { id } } }"
        references = [{"__typename": "Course", "slug": slug}]
        assert await campus.ask(campus.learner, query, r=references) == {"data": {"_entities": [None]}}


class TestLearning:
    async def test_enrolling_twice_gives_the_same_enrollment(self, campus: Campus) -> None:
        course = await campus.course()
        first = (await campus.ask(campus.learner, ENROLL, id=str(course.id)))["data"]["enroll"]["enrollment"]
        assert (first["state"], first["progress"], first["user"]["id"]) == ("ACTIVE", 0, str(campus.learner_id))
        assert first["course"] == {
            "slug": "algebra",
            "viewerEnrollment": {"id": first["id"]},
            "enrollmentCount": 1,
        }
        second = await campus.ask(campus.learner, ENROLL, id=str(course.id))
        assert second["data"]["enroll"]["enrollment"]["id"] == first["id"]

    async def test_progress_shows_everywhere(self, campus: Campus) -> None:
        items = [uuid7(), uuid7()]
        enrollment = str(await campus.enroll(await campus.course(item_ids=items)))
        recorded = await campus.ask(campus.learner, PROGRESS, enrollment=enrollment, item=str(items[0]), percent=100)
        assert recorded["data"]["recordProgress"]["enrollment"] == {"state": "ACTIVE", "progress": 0.5, "version": 2}
        outline = (await campus.ask(campus.learner, OUTLINE, slug="algebra"))["data"]["course"]
        assert outline["viewerEnrollment"] == {"id": enrollment, "progress": 0.5}
        done, waiting = (place["item"]["viewerProgress"] for place in outline["modules"][0]["items"])
        assert done["percent"] == 100
        assert done["completedAt"] is not None
        assert waiting is None

    async def test_an_item_of_another_course_is_refused(self, campus: Campus) -> None:
        enrollment = str(await campus.enroll(await campus.course()))
        answer = await campus.ask(campus.learner, PROGRESS, enrollment=enrollment, item=str(uuid7()), percent=1)
        assert answer["data"]["recordProgress"]["userErrors"] == [{"code": "ITEM_NOT_IN_COURSE"}]

    async def test_my_enrollments_are_paged_the_newest_first(self, campus: Campus) -> None:
        courses = [await campus.course(f"course-{number}") for number in range(3)]
        ids = [str(await campus.enroll(course)) for course in courses]
        await campus.enroll(courses[0], campus.someone())
        query = """query($after: String) { myEnrollments(first: 2, after: $after) {
          edges { node { id course { slug } } } pageInfo { hasNextPage endCursor } } }"""
        page = (await campus.ask(campus.learner, query))["data"]["myEnrollments"]
        rest = (await campus.ask(campus.learner, query, after=page["pageInfo"]["endCursor"]))["data"]["myEnrollments"]
        shown = [edge["node"]["id"] for edge in (*page["edges"], *rest["edges"])]
        assert shown == list(reversed(ids))
        assert rest["pageInfo"]["hasNextPage"] is False

    @pytest.mark.parametrize(("people", "courses"), [(1, 1), (7, 4)])
    async def test_enrollments_of_many_people_take_one_statement_beside_the_callers_roles(
        self, campus: Campus, queries: Queries, people: int, courses: int
    ) -> None:
        made = [await campus.course(f"course-{number}") for number in range(courses)]
        learners = [campus.someone() for _ in range(people)]
        ids = [[str(await campus.enroll(course, learner)) for course in made] for learner in learners]
        query = """query($r: [_Any!]!, $after: String) { _entities(representations: $r) { ... on User {
          enrollments(first: 3, after: $after) { edges { node { id } } pageInfo { hasNextPage endCursor } } } } }"""
        references = [{"__typename": "User", "id": str(learner.user_id)} for learner in learners]
        queries.clear()
        found = (await campus.ask(campus.author, query, r=references))["data"]["_entities"]
        assert len(queries) == 2
        shown = [[edge["node"]["id"] for edge in each["enrollments"]["edges"]] for each in found]
        assert shown == [own[::-1][:3] for own in ids]
        assert [each["enrollments"]["pageInfo"]["hasNextPage"] for each in found] == [courses > 3] * people
        after = found[0]["enrollments"]["pageInfo"]["endCursor"]
        (rest,) = (await campus.ask(campus.author, query, r=references[:1], after=after))["data"]["_entities"]
        assert [edge["node"]["id"] for edge in rest["enrollments"]["edges"]] == ids[0][::-1][3:]

    @pytest.mark.parametrize("first", [0, 101])
    async def test_a_page_of_enrollments_out_of_bounds_is_refused(self, campus: Campus, first: int) -> None:
        query = """query($r: [_Any!]!, $first: Int!) { _entities(representations: $r) { ... on User {
          enrollments(first: $first) { edges { cursor } } } } }"""
        reference = {"__typename": "User", "id": str(campus.learner_id)}
        assert code(await campus.ask(campus.learner, query, r=[reference], first=first)) == "BAD_USER_INPUT"


class TestCatalog:
    async def test_the_newest_courses_come_first_page_by_page(self, campus: Campus) -> None:
        for number in range(5):
            await campus.course(f"course-{number}")
        await campus.draft("draft")
        shown: list[str] = []
        after = None
        while True:
            page = (await campus.ask(campus.learner, CATALOG, first=2, after=after))["data"]["catalog"]
            shown += [edge["node"]["slug"] for edge in page["edges"]]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert shown == [f"course-{number}" for number in reversed(range(5))]

    async def test_a_page_of_a_hundred_takes_three_statements(self, campus: Campus, queries: Queries) -> None:
        for number in range(101):
            await campus.course(f"course-{number}")
        queries.clear()
        page = (await campus.ask(campus.learner, CATALOG, first=100))["data"]["catalog"]
        assert len(page["edges"]) == 100
        assert page["pageInfo"]["hasNextPage"] is True
        assert len(queries) <= 3, queries

    @pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
    async def test_a_cursor_from_beyond_the_calendar_is_refused(self, campus: Campus, instant: str) -> None:
        after = urlsafe_b64encode(f'["{instant}","{uuid7()}"]'.encode()).decode()
        assert code(await campus.ask(campus.learner, CATALOG, after=after)) == "BAD_USER_INPUT"

    async def test_a_page_size_out_of_bounds_is_refused(self, campus: Campus) -> None:
        for first in (0, 101):
            assert code(await campus.ask(campus.learner, CATALOG, first=first)) == "BAD_USER_INPUT"


class TestOutline:
    @pytest.mark.parametrize(("modules", "items"), [(1, 1), (12, 25)])
    async def test_an_outline_takes_three_statements(
        self, campus: Campus, queries: Queries, modules: int, items: int
    ) -> None:
        course = await campus.course()
        for number in range(modules):
            await campus.module(course, [uuid7() for _ in range(items)], f"Week {number}")
        await campus.enroll(course)
        queries.clear()
        outline = (await campus.ask(campus.learner, OUTLINE, slug="algebra"))["data"]["course"]
        assert len(outline["modules"]) == modules + 1
        assert all(len(module["items"]) == items for module in outline["modules"][1:])
        assert len(queries) <= 3, queries


class TestEntities:
    ENTITIES = """
    query($representations: [_Any!]!) {
      _entities(representations: $representations) {
        __typename
        ... on Course { id slug viewerEnrollment { id } }
        ... on Module { title }
        ... on Enrollment { progress }
        ... on User { enrollments { edges { node { id } } } }
        ... on Tenant { courseCount }
        ... on LearningItem { viewerProgress { percent } }
      }
    }
    """

    async def entities(self, campus: Campus, caller: Any, *representations: dict[str, Any]) -> list[Any]:
        answer = await campus.ask(caller, self.ENTITIES, representations=list(representations))
        assert "errors" not in answer, answer
        return answer["data"]["_entities"]

    async def test_a_course_is_found_by_either_key(self, campus: Campus) -> None:
        course = await campus.course()
        by_id = {"__typename": "Course", "id": str(course.id)}
        by_slug = {"__typename": "Course", "slug": "algebra"}
        found = await self.entities(campus, campus.learner, by_id, by_slug)
        assert [each["id"] for each in found] == [str(course.id)] * 2

    async def test_drafts_and_other_tenants_courses_do_not_exist(self, campus: Campus, rival: Campus) -> None:
        draft, course = await campus.draft("draft"), await campus.course()
        references = [{"__typename": "Course", "id": str(each.id)} for each in (draft, course)]
        hidden, shown = await self.entities(campus, campus.learner, *references)
        assert hidden is None
        assert shown["slug"] == "algebra"
        assert await self.entities(rival, rival.author, *references) == [None, None]

    async def test_many_references_of_a_type_take_one_statement(self, campus: Campus, queries: Queries) -> None:
        courses = [await campus.course(f"course-{number}") for number in range(10)]
        queries.clear()
        query = "query($r: [_Any!]!) { _entities(representations: $r) { ... on Course { title } } }"
        references = [{"__typename": "Course", "id": str(course.id)} for course in courses]
        answer = await campus.ask(campus.learner, query, r=references)
        assert len(answer["data"]["_entities"]) == 10
        assert len(queries) == 1

    async def test_an_items_progress_is_the_callers_own(self, campus: Campus) -> None:
        item = uuid7()
        enrollment = str(await campus.enroll(await campus.course(item_ids=[item])))
        await campus.ask(campus.learner, PROGRESS, enrollment=enrollment, item=str(item), percent=40)
        reference = {"__typename": "LearningItem", "id": str(item)}
        assert (await self.entities(campus, campus.learner, reference))[0]["viewerProgress"] == {"percent": 40}
        assert (await self.entities(campus, campus.author, reference))[0]["viewerProgress"] is None

    async def test_a_persons_enrollments_are_for_the_person_and_for_authors(self, campus: Campus) -> None:
        enrollment = str(await campus.enroll(await campus.course()))
        reference = {"__typename": "User", "id": str(campus.learner_id)}
        for caller in (campus.learner, campus.author):
            shown = (await self.entities(campus, caller, reference))[0]["enrollments"]
            assert shown == {"edges": [{"node": {"id": enrollment}}]}
        assert (await self.entities(campus, campus.someone(), reference))[0]["enrollments"] is None

    async def test_a_tenant_counts_its_published_courses(self, campus: Campus, rival: Campus) -> None:
        await campus.course()
        await campus.draft("draft")
        reference = {"__typename": "Tenant", "id": str(campus.tenant.id)}
        assert (await self.entities(campus, campus.learner, reference))[0]["courseCount"] == 1
        assert await self.entities(rival, rival.learner, reference) == [None]

    async def test_modules_and_enrollments_are_found_by_id(self, campus: Campus) -> None:
        course = await campus.course()
        module = {"__typename": "Module", "id": str(await campus.module(course, [], "Week 2"))}
        hidden = {"__typename": "Module", "id": str(await campus.module(await campus.draft("draft"), [], "Secret"))}
        enrollment = {"__typename": "Enrollment", "id": str(await campus.enroll(course))}
        found = await self.entities(campus, campus.learner, module, hidden, enrollment)
        assert [each and {**each, "__typename": None} for each in found] == [
            {"__typename": None, "title": "Week 2"},
            None,
            {"__typename": None, "progress": 0},
        ]

    async def test_a_malformed_id_is_an_error_at_its_own_index(self, campus: Campus) -> None:
        course = await campus.course()
        references = [{"__typename": "Course", "id": id_} for id_ in ("7", str(course.id))]
        answer = await campus.ask(campus.learner, self.ENTITIES, representations=references)
        assert answer["data"]["_entities"][0] is None
        assert answer["data"]["_entities"][1]["slug"] == "algebra"
        assert answer["errors"][0]["path"] == ["_entities", 0]
        assert code(answer) == "BAD_USER_INPUT"
