"""`studium seed`: fills the demo tenants through the graph, as people would. Running it again changes nothing."""

import asyncio
from dataclasses import replace
from typing import Any, Final

import aiohttp

from studium import seed_operations as operations
from studium.client import Graph, Refusal
from studium.demo import PASSWORD, TENANTS, DemoCourse, DemoLesson, DemoPerson, DemoTenant

_PATIENCE_SECONDS: Final = 60.0
_PAUSE_SECONDS: Final = 0.2
_AWAY: Final = frozenset({"SERVICE_UNAVAILABLE", "SUBGRAPH_UNREACHABLE", "SUBGRAPH_TIMEOUT"})
_NOT_YET: Final = frozenset({"TENANT_NOT_FOUND", "INVALID_CREDENTIALS"})


def seed(url: str) -> int:
    """Fill every demo tenant, at the same time."""
    asyncio.run(_seed(url))
    return 0


async def _seed(url: str) -> None:
    async with aiohttp.ClientSession() as http:
        graph = Graph(http, url)
        await asyncio.gather(*(_fill_patiently(graph, tenant) for tenant in TENANTS))


async def _fill_patiently(graph: Graph, tenant: DemoTenant) -> None:
    """Begin again when something was away for a moment; what is done already stays done."""
    deadline = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
    while True:
        try:
            return await _fill(graph, tenant)
        except Refusal as refusal:
            if refusal.code not in _AWAY or asyncio.get_running_loop().time() > deadline:
                raise
        await asyncio.sleep(_PAUSE_SECONDS)


async def _fill(graph: Graph, tenant: DemoTenant) -> None:
    try:
        await graph.change(operations.SIGN_UP_TENANT, input=_tenant_input(tenant))
    except Refusal as refusal:
        if refusal.code != "SLUG_TAKEN":  # there already; signing in shows whether it is ours
            raise
    owner = await _signed_in(graph, tenant, tenant.owner)
    instructors = await _join(graph, owner, tenant, "INSTRUCTOR")
    learners = await _join(graph, owner, tenant, "LEARNER")
    courses = [await _teach(instructors[0], course) for course in tenant.courses]
    for learner in learners:
        await _learn(learner, courses[0])
    await _readable(learners[0], tenant.courses[0])


async def _signed_in(graph: Graph, tenant: DemoTenant, person: DemoPerson) -> Graph:
    """The graph as the person sees it; waits for an account that is still being made."""
    deadline = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
    while True:
        try:
            payload = await graph.change(operations.SIGN_IN, input=_credentials(tenant, person))
        except Refusal as refusal:
            if refusal.code not in _NOT_YET or asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            return replace(graph, token=payload["session"]["accessToken"])


async def _join(graph: Graph, owner: Graph, tenant: DemoTenant, role: str) -> list[Graph]:
    """Invite the tenant's people of a role and have them sign up."""
    people = tenant.of_role(role)
    known = {edge["node"]["email"] for edge in (await owner.ask(operations.PEOPLE))["users"]["edges"]}
    new = [person for person in people if person.email not in known]
    if new:
        invited = await owner.change(
            operations.INVITE, input={"emails": [person.email for person in new], "role": role}
        )
        codes = {invitation["email"]: invitation["code"] for invitation in invited["invitations"]}
        for person in new:
            await graph.change(
                operations.SIGN_UP, input=_credentials(tenant, person) | _profile(person, codes[person.email])
            )
    return [await _signed_in(graph, tenant, person) for person in people]


async def _teach(author: Graph, course: DemoCourse) -> dict[str, Any]:
    """The course, made and published as far as it is not; a run that was cut short is taken up again."""
    found = await author.ask(operations.COURSE, slug=course.slug)
    if not _is_complete(found["course"], course):
        made = await author.change(operations.CREATE_COURSE, input=_course_input(course))
        for module in course.modules:
            lessons = [await _write(author, course, lesson) for lesson in module.lessons]
            key = f"demo-{course.slug}-{module.title}"
            module_input = {"courseId": made["course"]["id"], "title": module.title, "itemIds": lessons}
            await author.change(operations.UPSERT_MODULE, input=module_input | {"idempotencyKey": key})
        if course.published:
            key = f"demo-{course.slug}-published"
            await author.change(operations.PUBLISH, input={"id": made["course"]["id"], "idempotencyKey": key})
        found = await author.ask(operations.COURSE, slug=course.slug)
    return found["course"]


def _is_complete(found: dict[str, Any] | None, course: DemoCourse) -> bool:
    wanted = "PUBLISHED" if course.published else "DRAFT"
    return found is not None and found["status"] == wanted and len(found["modules"]) == len(course.modules)


async def _write(author: Graph, course: DemoCourse, lesson: DemoLesson) -> str:
    """The id of the lesson, written once."""
    blocks: list[dict[str, Any]] = [{"text": {"markdown": lesson.text}}]
    if lesson.code is not None:
        blocks.append({"code": {"language": "python", "source": lesson.code}})
    saved = await author.change(
        operations.SAVE_LESSON,
        input={
            "idempotencyKey": f"demo-{course.slug}-{lesson.title}",
            "title": lesson.title,
            "blocks": blocks,
            "estimatedDuration": lesson.minutes * 60,
        },
    )
    return saved["lesson"]["id"]


async def _learn(learner: Graph, course: dict[str, Any]) -> None:
    """Enrol, and finish the first lesson. Both are the same when done again."""
    enrolled = await learner.change(operations.ENROLL, input={"courseId": course["id"]})
    first = course["modules"][0]["items"][0]["item"]["id"]
    progress = {"enrollmentId": enrolled["enrollment"]["id"], "itemId": first, "percent": 100}
    await learner.change(operations.RECORD_PROGRESS, input=progress)


async def _readable(learner: Graph, course: DemoCourse) -> None:
    """Wait until learners can read the lessons: they are released a moment after the course is published."""
    deadline = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
    while True:
        try:
            await learner.ask(operations.LESSONS, slug=course.slug)
        except Refusal:
            if asyncio.get_running_loop().time() > deadline:
                raise
        else:
            return
        await asyncio.sleep(_PAUSE_SECONDS)


def _tenant_input(tenant: DemoTenant) -> dict[str, str]:
    owner = {"ownerName": tenant.owner.name, "ownerEmail": tenant.owner.email}
    return {"name": tenant.name, "slug": tenant.slug, "password": PASSWORD, **owner}


def _credentials(tenant: DemoTenant, person: DemoPerson) -> dict[str, str]:
    return {"tenant": tenant.slug, "email": person.email, "password": PASSWORD}


def _profile(person: DemoPerson, invitation: str) -> dict[str, str]:
    return {"displayName": person.name, "invitation": invitation}


def _course_input(course: DemoCourse) -> dict[str, str]:
    key = f"demo-{course.slug}"
    return {"slug": course.slug, "title": course.title, "summary": course.summary, "idempotencyKey": key}
