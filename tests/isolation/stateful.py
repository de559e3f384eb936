"""A model of three tenants: what each of them has, apart from the others, and the platform asked whether it agrees."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import uuid4

import aiohttp
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.isolation.client import Client, open_http
from tests.isolation.graph import Operation
from tests.isolation.world import World

_TENANTS = st.integers(0, 2)
_SLUGS = st.sampled_from(("algebra", "bread", "chess"))
_CREATE = """mutation ($slug: String!, $title: String!) {
  createCourse(input: {slug: $slug, title: $title}) { course { id } userErrors { code } }
}"""
_PUBLISH = "mutation ($id: ID!) { publishCourse(input: {id: $id}) { course { id } userErrors { code } } }"
_ENROLL = "mutation ($id: ID!) { enroll(input: {courseId: $id}) { enrollment { id } userErrors { code } } }"
_READ = "query ($id: ID!) { course(id: $id) { slug title status viewerEnrollment { id } } }"
_BY_SLUG = "query ($slug: String!) { course(slug: $slug) { id } }"


@dataclass
class Course:
    """As the model knows it."""

    slug: str
    title: str
    published: bool = False
    enrollment: str | None = None


@dataclass
class Home:
    """What a tenant has, by id; `owner` is an access token."""

    slug: str
    owner: str = field(repr=False)
    courses: dict[str, Course] = field(default_factory=dict[str, Course])


class ThreeTenants(RuleBasedStateMachine):
    """Owners who make courses under the same slugs, and try their hands at what is not theirs."""

    world: ClassVar[World]
    newcomer: ClassVar[str]
    """The access token of the owner of a third tenant."""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._http = self._runner.run(_session())
        self._client = Client(self._http, self.world.address)
        self._homes = [Home(one.slug, one.owner) for one in (self.world.amber, self.world.birch)]
        self._homes.append(Home("cedar", self.newcomer))
        self._round = uuid4().hex[:8]

    def teardown(self) -> None:
        self._runner.run(self._http.close())
        self._runner.close()

    @initialize(tenant=_TENANTS, slug=_SLUGS)
    def begin(self, tenant: int, slug: str) -> None:
        self.create(tenant, slug)

    @rule(tenant=_TENANTS, slug=_SLUGS)
    def create(self, tenant: int, slug: str) -> None:
        home, name = self._homes[tenant], f"{slug}-{self._round}"
        title = f"{slug} of {home.slug}"
        told = self._change(home, _CREATE, slug=name, title=title)
        if name in {course.slug for course in home.courses.values()}:
            assert told == ["SLUG_TAKEN"]
        else:
            home.courses[told["course"]["id"]] = Course(name, title)

    @rule(tenant=_TENANTS, of=_TENANTS, number=st.integers(0, 2))
    def publish(self, tenant: int, of: int, number: int) -> None:
        home, id_ = self._homes[tenant], self._any(of, number)
        told = self._change(home, _PUBLISH, id=id_)
        if id_ in home.courses:
            home.courses[id_].published = True
        else:
            assert told == ["NOT_FOUND"]

    @rule(tenant=_TENANTS, of=_TENANTS, number=st.integers(0, 2))
    def enroll(self, tenant: int, of: int, number: int) -> None:
        home, id_ = self._homes[tenant], self._any(of, number)
        course = home.courses.get(id_)
        told = self._change(home, _ENROLL, id=id_)
        if course is not None and course.published:
            assert course.enrollment in {None, told["enrollment"]["id"]}
            course.enrollment = told["enrollment"]["id"]
        else:
            assert told == ["NOT_FOUND" if course is None else "COURSE_NOT_PUBLISHED"]

    @rule(tenant=_TENANTS, of=_TENANTS, number=st.integers(0, 2))
    def read(self, tenant: int, of: int, number: int) -> None:
        home, id_ = self._homes[tenant], self._any(of, number)
        assert self._ask(home, _READ, id=id_)["course"] == _shown(home.courses.get(id_))

    @rule(tenant=_TENANTS, slug=_SLUGS)
    def look_up(self, tenant: int, slug: str) -> None:
        home, name = self._homes[tenant], f"{slug}-{self._round}"
        own = {course.slug: {"id": id_} for id_, course in home.courses.items()}
        assert self._ask(home, _BY_SLUG, slug=name)["course"] == own.get(name)

    def _any(self, of: int, number: int) -> str:
        """The id of some course of a tenant, or of one that nobody has."""
        ids = list(self._homes[of].courses)
        return ids[number % len(ids)] if ids else str(uuid4())

    def _send(self, home: Home, query: str, **variables: str) -> Any:
        return self._runner.run(self._client.ask(Operation(query, variables), home.owner)).body

    def _ask(self, home: Home, query: str, **variables: str) -> Any:
        told = self._send(home, query, **variables)
        assert "errors" not in told, told
        return told["data"]

    def _change(self, home: Home, query: str, **variables: str) -> Any:
        """The payload, or the codes of why it was refused."""
        told = self._send(home, query, **variables)
        if "errors" in told:
            return [error["extensions"]["code"] for error in told["errors"]]
        (payload,) = told["data"].values()
        return [error["code"] for error in payload["userErrors"]] or payload


def _shown(course: Course | None) -> object:
    if course is None:
        return None
    return {
        "slug": course.slug,
        "title": course.title,
        "status": "PUBLISHED" if course.published else "DRAFT",
        "viewerEnrollment": None if course.enrollment is None else {"id": course.enrollment},
    }


async def _session() -> aiohttp.ClientSession:
    return open_http()
