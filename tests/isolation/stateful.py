"""A model of three tenants: what each of them has, apart from the others, and the platform asked whether it agrees."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import uuid4

import aiohttp
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.isolation.client import Client
from tests.isolation.graph import Operation
from tests.isolation.world import Inhabitants, World

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
    """What a tenant has, by id."""

    one: Inhabitants
    courses: dict[str, Course] = field(default_factory=dict[str, Course])


class ThreeTenants(RuleBasedStateMachine):
    """Owners who make courses under the same slugs, and try their hands at what is not theirs."""

    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._http = self._runner.run(_session())
        self._client = Client(self._http, self.world.address)
        self._homes = [Home(one) for one in (self.world.amber, self.world.cedar, self.world.birch)]
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
        title = f"{slug} of {home.one.slug}"
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
            assert isinstance(told, list)

    @rule(tenant=_TENANTS, of=_TENANTS, number=st.integers(0, 2))
    def read(self, tenant: int, of: int, number: int) -> None:
        home, id_ = self._homes[tenant], self._any(of, number)
        assert self._ask(home, _READ, id=id_)["course"] == _shown(home.courses.get(id_))

    @invariant()
    def every_slug_leads_home(self) -> None:
        for home in self._homes:
            own = {course.slug: id_ for id_, course in home.courses.items()}
            for slug in {course.slug for each in self._homes for course in each.courses.values()}:
                found = self._ask(home, _BY_SLUG, slug=slug)["course"]
                assert found == ({"id": own[slug]} if slug in own else None)

    def _any(self, of: int, number: int) -> str:
        """The id of some course of a tenant, or of one that nobody has."""
        ids = list(self._homes[of].courses)
        return ids[number % len(ids)] if ids else str(uuid4())

    def _ask(self, home: Home, query: str, **variables: str) -> Any:
        answer = self._runner.run(self._client.ask(Operation(query, variables), home.one.owner))
        assert "errors" not in answer.body, answer.text
        return answer.body["data"]

    def _change(self, home: Home, query: str, **variables: str) -> Any:
        """The payload, or the codes of why it was refused."""
        (payload,) = self._ask(home, query, **variables).values()
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
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True))
