"""kill -9 of every server and of the worker, in the middle of a stream of enrolments: nothing acknowledged is lost."""

import asyncio
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import ClientError
from gql.transport.exceptions import TransportError

from tests.journeys.people import ENROLL, Person, sign_up, sign_up_tenant
from tests.journeys.platform import Platform, running

_COURSES = 24
_KILL_AFTER = 8
_RECOVERY_SECONDS = 90.0

_ENROLLED = "{ myEnrollments(first: 100) { edges { node { course { id } } } } }"
_TOLD = "{ inbox(first: 100) { edges { node { kind course { id } } } } }"
_SAVE = """mutation ($title: String!) {
  saveLesson(input: {title: $title, estimatedDuration: 60, blocks: [{text: {markdown: "Kept."}}]}) {
    lesson { id } userErrors { code message }
  }
}"""


@dataclass
class School:
    """A tenant with many published courses."""

    platform: Platform
    owner: Person
    courses: list[str] = field(default_factory=list[str])


@dataclass
class Acknowledged:
    """What the server said yes to."""

    enrolments: set[str] = field(default_factory=set[str])
    lessons: set[str] = field(default_factory=set[str])
    refused: int = 0


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Generator[School]:
    with running(tmp_path_factory.mktemp("kill") / "data", "--no-demo") as platform:
        yield asyncio.run(_open_school(platform))


@pytest.mark.timeout(300)
@pytest.mark.xdist_group("journeys")
class TestKillDuringEnrolments:
    @pytest.mark.parametrize("victim", ["valkey", "postgres", "documents", "worker"])
    async def test_loses_nothing_and_tells_once(self, school: School, victim: str) -> None:
        learner = await sign_up(school.platform, "kill", victim)
        acknowledged, killed = await _enrol_while_killing(school, learner, victim)

        enrolled = await _eventually_all_told(learner)
        assert school.platform.pid(victim) != killed
        assert acknowledged.enrolments <= enrolled
        assert len(acknowledged.enrolments) >= _KILL_AFTER
        for lesson in acknowledged.lessons:
            found = await school.owner.ask("query ($id: ID!) { lesson(id: $id) { title } }", id=lesson)
            assert found["lesson"] is not None


async def _enrol_while_killing(school: School, learner: Person, victim: str) -> tuple[Acknowledged, int]:
    """Enrol in every course, and save a lesson each time; the victim is killed early on.

    Returns: what was acknowledged, and the pid that was killed.
    """
    seen, killed = Acknowledged(), 0
    for number, course in enumerate(school.courses):
        if number == _KILL_AFTER:
            killed = school.platform.kill(victim)
        await asyncio.gather(_enrol(seen, learner, course), _save(seen, school.owner, f"Lesson {number}"))
    return seen, killed


async def _enrol(seen: Acknowledged, learner: Person, course: str) -> None:
    """Once: what fails is not tried again, so that it may be half done."""
    try:
        await learner.do(ENROLL, course=course)
        seen.enrolments.add(course)
    except (TransportError, ClientError, TimeoutError):
        seen.refused += 1


async def _save(seen: Acknowledged, owner: Person, title: str) -> None:
    try:
        seen.lessons.add((await owner.do(_SAVE, title=title))["lesson"]["id"])
    except (TransportError, ClientError, TimeoutError):
        seen.refused += 1


async def _eventually_all_told(learner: Person) -> set[str]:
    """Wait until there is a notification for each enrolment; the courses enrolled in."""
    deadline = asyncio.get_running_loop().time() + _RECOVERY_SECONDS
    while True:
        try:
            told = Counter(_courses(await learner.ask(_TOLD), "inbox"))
            enrolled = Counter(_courses(await learner.ask(_ENROLLED), "myEnrollments"))
        except (TransportError, ClientError, TimeoutError):
            told = enrolled = Counter[str]()
        assert told <= enrolled, "somebody was told twice, or of what did not happen"
        if enrolled and told == enrolled:
            return set(enrolled)
        assert asyncio.get_running_loop().time() < deadline, f"{told.total()} told of {enrolled.total()} enrolled"
        await asyncio.sleep(0.2)


def _courses(answer: dict[str, Any], connection: str) -> list[str]:
    return [edge["node"]["course"]["id"] for edge in answer[connection]["edges"]]


async def _open_school(platform: Platform) -> School:
    owner = await sign_up_tenant(platform, "kill")
    school = School(platform, owner)
    lesson = (await owner.do(_SAVE, title="The only lesson"))["lesson"]["id"]
    for number in range(_COURSES):
        school.courses.append(await _publish(owner, f"course-{number}", lesson))
    return school


async def _publish(owner: Person, slug: str, lesson: str) -> str:
    made = await owner.do(
        """mutation ($slug: String!) {
          createCourse(input: {slug: $slug, title: $slug}) { course { id } userErrors { code message } }
        }""",
        slug=slug,
    )
    course: str = made["course"]["id"]
    await owner.do(
        """mutation ($course: ID!, $lesson: ID!) {
          upsertModule(input: {courseId: $course, title: "All", itemIds: [$lesson]}) {
            module { id } userErrors { code message }
          }
        }""",
        course=course,
        lesson=lesson,
    )
    await owner.do(
        "mutation ($id: ID!) { publishCourse(input: {id: $id}) { course { id } userErrors { code message } } }",
        id=course,
    )
    return course
