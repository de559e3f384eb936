"""A school's first day: the real processes, asked by clients that are not ours."""

import asyncio
from typing import Any

import pytest

from tests.journeys.people import ENROLL, Person, eventually, publish_course, refused_at_last, sign_up, sign_up_tenant
from tests.journeys.platform import Platform
from tests.patience import PATIENCE_SECONDS

EVERYTHING = """query ($id: ID!) {
  me { displayName email }
  viewer { role tenant { slug userCount courseCount } }
  myEnrollments { edges { node {
    progress
    engagement { band }
    user { displayName }
    course { title viewerEnrollment { state } modules { title items {
      item { __typename title estimatedDuration viewerProgress { percent } ... on Lesson { blocks { __typename } } }
    } } }
  } } }
  course(id: $id) { title enrollmentCount }
  inbox { edges { node { kind title course { title slug } } } }
  unreadCount
}"""

NOTIFICATIONS = """subscription ($after: String) {
  notificationReceived(after: $after) { title course { title } }
}"""


@pytest.mark.timeout(240)
@pytest.mark.xdist_group("journeys")
class TestFirstDay:
    async def test_from_signing_up_to_a_query_over_everything(self, platform: Platform) -> None:
        owner = await sign_up_tenant(platform, "school")
        made = await publish_course(owner, "linear-algebra")
        learner = await sign_up(platform, "school", "Lea")

        ended = await learner.ask("{ notificationCursor }")
        async with learner.listening(NOTIFICATIONS, after=ended["notificationCursor"]) as heard:
            enrolled = await learner.do(ENROLL, course=made.course)
            received = await asyncio.wait_for(heard.get(), PATIENCE_SECONDS)
        assert received["notificationReceived"]["course"] == {"title": "Linear algebra"}

        await learner.do(
            """mutation ($enrollment: ID!, $lesson: ID!) {
              recordProgress(input: {enrollmentId: $enrollment, itemId: $lesson, percent: 100}) {
                enrollment { progress } userErrors { code message }
              }
            }""",
            enrollment=enrolled["enrollment"]["id"],
            lesson=made.lesson,
        )
        await eventually(learner, EVERYTHING, _everything(received), id=made.course)
        await eventually(
            owner,
            "{ catalog { edges { node { title analytics { enrollments completions } } } } }",
            {
                "catalog": {
                    "edges": [{"node": {"title": "Linear algebra", "analytics": {"enrollments": 1, "completions": 1}}}]
                }
            },
        )

    async def test_after_signing_out_nothing_goes_on(self, platform: Platform) -> None:
        owner = await sign_up_tenant(platform, "leaving")
        ended = await owner.ask("{ notificationCursor }")
        async with owner.listening(NOTIFICATIONS, after=ended["notificationCursor"]) as heard:
            await owner.do("mutation { signOut(input: {}) { sessionId userErrors { code } } }")
            await refused_at_last(owner, "{ viewer { role } }", "SESSION_ENDED")
        assert heard.empty()

    async def test_a_second_tenant_sees_nothing_of_the_first(self, platform: Platform) -> None:
        first = await sign_up_tenant(platform, "first")
        made = await publish_course(first, "linear-algebra")
        learner = await sign_up(platform, "first", "Lou")
        enrolled = await learner.do(ENROLL, course=made.course)
        await eventually(learner, "{ unreadCount }", {"unreadCount": 1})
        seen = await learner.ask("{ me { id } viewer { tenant { id } } inbox { edges { node { id cursor } } } }")
        ids = {
            "course": made.course,
            "module": made.module,
            "lesson": made.lesson,
            "enrollment": enrolled["enrollment"]["id"],
            "user": seen["me"]["id"],
            "notification": seen["inbox"]["edges"][0]["node"]["id"],
        }
        stranger = await sign_up_tenant(platform, "second")
        assert await _reads(stranger, ids) == await _reads(stranger, dict.fromkeys(ids, _NEVER_EXISTED))
        assert await _writes(stranger, ids) == await _writes(stranger, dict.fromkeys(ids, _NEVER_EXISTED))
        assert await stranger.ask(_LISTS) == {
            "catalog": {"edges": []},
            "myEnrollments": {"edges": []},
            "users": {"edges": [{"node": {"displayName": "Olga"}}]},
            "inbox": {"edges": []},
            "unreadCount": 0,
            "search": [],
            "viewer": {"tenant": {"slug": "second", "userCount": 1, "courseCount": 0}},
        }
        assert await learner.ask("{ unreadCount }") == {"unreadCount": 1}


_NEVER_EXISTED = "01890a5d-ac96-774b-bcce-b302099a8057"

_READS = """query ($course: ID!, $lesson: ID!, $enrollment: ID!, $user: ID!) {
  course(id: $course) { title }
  lesson(id: $lesson) { title }
  learningItem(id: $lesson) { title }
  enrollment(id: $enrollment) { progress }
  user(id: $user) { displayName }
}"""

_LISTS = """{
  catalog { edges { node { id } } }
  myEnrollments { edges { node { id } } }
  users { edges { node { displayName } } }
  inbox { edges { node { id } } }
  unreadCount
  search(query: "vector") { snippet }
  viewer { tenant { slug userCount courseCount } }
}"""

_WRITES = {
    "enroll": "mutation ($course: ID!) { enroll(input: {courseId: $course}) { enrollment { id } } }",
    "publish": "mutation ($course: ID!) { publishCourse(input: {id: $course}) { course { id } } }",
    "upsert": """mutation ($course: ID!, $module: ID!, $lesson: ID!) {
      upsertModule(input: {courseId: $course, id: $module, title: "Mine", itemIds: [$lesson]}) { module { id } }
    }""",
    "progress": """mutation ($enrollment: ID!, $lesson: ID!) {
      recordProgress(input: {enrollmentId: $enrollment, itemId: $lesson, percent: 1}) { enrollment { id } }
    }""",
    "read": "mutation ($notification: ID!) { markRead(input: {ids: [$notification]}) { notifications { id } } }",
}


async def _reads(person: Person, ids: dict[str, str]) -> dict[str, Any]:
    answer = await person.ask(_READS, **{name: ids[name] for name in ("course", "lesson", "enrollment", "user")})
    assert set(answer.values()) == {None}
    return answer


async def _writes(person: Person, ids: dict[str, str]) -> dict[str, list[str]]:
    codes: dict[str, list[str]] = {}
    for name, document in _WRITES.items():
        wanted = {key: value for key, value in ids.items() if f"${key}:" in document}
        codes[name] = await person.codes(document, **wanted)
    return codes


def _everything(received: dict[str, Any]) -> dict[str, Any]:
    return {
        "me": {"displayName": "Lea", "email": "lea@school.example"},
        "viewer": {"role": "LEARNER", "tenant": {"slug": "school", "userCount": 2, "courseCount": 1}},
        "myEnrollments": {
            "edges": [
                {
                    "node": {
                        "progress": 1.0,
                        "engagement": {"band": "COMPLETED"},
                        "user": {"displayName": "Lea"},
                        "course": {
                            "title": "Linear algebra",
                            "viewerEnrollment": {"state": "COMPLETED"},
                            "modules": [
                                {
                                    "title": "Vectors",
                                    "items": [
                                        {
                                            "item": {
                                                "__typename": "Lesson",
                                                "title": "Arrows and lists",
                                                "estimatedDuration": 600,
                                                "viewerProgress": {"percent": 100},
                                                "blocks": [{"__typename": "TextBlock"}],
                                            }
                                        }
                                    ],
                                }
                            ],
                        },
                    }
                }
            ]
        },
        "course": {"title": "Linear algebra", "enrollmentCount": 1},
        "inbox": {
            "edges": [
                {
                    "node": {
                        "kind": "ENROLLED",
                        "title": received["notificationReceived"]["title"],
                        "course": {"title": "Linear algebra", "slug": "linear-algebra"},
                    }
                }
            ]
        },
        "unreadCount": 1,
    }
