"""Filters, order and pages."""

from typing import Any

import pytest
from httpx2 import AsyncClient

from tests.queries import Queries
from tests.subgraphs.users.conftest import AddUser
from tests.subgraphs.users.scim.conftest import GROUP, person
from tests.tenants import Tenant

_PEOPLE: tuple[dict[str, Any], ...] = (
    person("Ada", title="Dr", name={"familyName": "O'Neil", "givenName": "Ada"}, externalId="A-1"),
    person("ben_1", title="100%", active=False, userType="Pupil"),
    person(
        "cem", emails=[{"value": "cem@school.example", "type": "work"}, {"value": "c@home.example", "type": "home"}]
    ),
)


@pytest.fixture
async def people(scim: AsyncClient, add_user: AddUser, tenant: Tenant) -> AsyncClient:
    """The client, three people whom it has added, and one who came by themselves."""
    for one in _PEOPLE:
        assert (await scim.post("/Users", json=one)).status_code == 201
    await add_user(tenant, "dee@example.org", display_name="Dee")
    return scim


async def found(scim: AsyncClient, **query: str) -> list[str]:
    """The names of those found."""
    answer = await scim.get("/Users", params={**query, "attributes": "userName"})
    assert answer.status_code == 200, answer.text
    return [one["userName"] for one in answer.json().get("Resources", [])]


_ALL = ["Ada", "ben_1", "cem", "dee@example.org"]


async def test_each_operator_finds_what_it_should(people: AsyncClient) -> None:
    """All in one test, since people who are looked for do not change."""
    expected: dict[str, list[str]] = {
        'userName eq "ADA"': ["Ada"],
        'userName eq "dee@example.org"': ["dee@example.org"],
        'userName eq "ada@example.org"': [],
        'userName ne "ada"': _ALL[1:],
        'userName sw "ben_"': ["ben_1"],
        'userName co "_"': ["ben_1"],
        'title co "%"': ["ben_1"],
        'title eq "dr"': ["Ada"],
        'title ne "dr"': _ALL[1:],
        "title pr": ["Ada", "ben_1"],
        "not (title pr)": ["cem", "dee@example.org"],
        'not (title eq "Dr")': _ALL[1:],
        "title eq null": ["cem", "dee@example.org"],
        'externalId eq "A-1"': ["Ada"],
        'externalId eq "a-1"': [],
        'name.familyName eq "o\'neil"': ["Ada"],
        "active eq false": ["ben_1"],
        'active eq true and userName gt "b"': ["cem", "dee@example.org"],
        'userName eq "ada" or (userType eq "pupil" and active eq false)': ["Ada", "ben_1"],
        'emails eq "cem@school.example"': ["cem"],
        'emails.value ew "home.example"': ["cem"],
        'emails[type eq "work" and value co "home"]': [],
        'emails[type eq "home" and value co "home"]': ["cem"],
        'emails[type eq "work"].value eq "cem@school.example"': ["cem"],
        "emails[primary eq true]": ["Ada", "ben_1", "dee@example.org"],
        'emails.value ne "dee@example.org"': _ALL[:3],
        'meta.created gt "2020-01-01T00:00:00Z"': _ALL,
        'meta.created lt "2020-01-01T00:00:00Z"': [],
        'urn:ietf:params:scim:schemas:core:2.0:User:userName eq "cem"': ["cem"],
    }
    for text, names in expected.items():
        assert await found(people, filter=text) == names, text
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": 'userName eq "cem"'}
    assert (await people.post("/Users/.search", json=body)).json()["totalResults"] == 1


async def test_a_value_is_never_read_as_anything_else(people: AsyncClient) -> None:
    hostile = ("' OR 1=1 --", "%", "_", '\\" or userName pr or userName eq \\"', "\\u0000", "\\ud800", "$1", ":x", "")
    for value in hostile:
        for attribute in ("userName", "title", "externalId", "emails.value", "name.givenName", "id"):
            assert await found(people, filter=f'{attribute} eq "{value}"') == []


async def test_what_nobody_can_ask_is_refused(people: AsyncClient) -> None:
    wrong = (
        "userName",
        "userName eq ada",
        'userName eq "a" and',
        "password pr",
        'nothing eq "x"',
        "active gt true",
        'active eq "x"',
        'groups eq "x"',
        "userName; drop table users",
        'meta.location eq "x"',
        'emails[emails[value eq "x"]]',
        "(" * 45 + "title pr" + ")" * 45,
        "not (" * 41 + "title pr" + ")" * 41,
        'title eq "' + "x" * 1_000 + '"',
    )
    for text in wrong:
        answer = await people.get("/Users", params={"filter": text})
        assert (answer.status_code, answer.json().get("scimType")) == (400, "invalidFilter"), text


async def test_people_come_in_order_and_by_pages(people: AsyncClient) -> None:
    assert await found(people, sortBy="userName", sortOrder="descending") == _ALL[::-1]
    assert await found(people, sortBy="title", sortOrder="ascending") == ["ben_1", "Ada", "cem", "dee@example.org"]
    assert await found(people, startIndex="2", count="2") == _ALL[1:3]
    nobody = (await people.get("/Users", params={"count": "0"})).json()
    assert (nobody["totalResults"], nobody.get("Resources", [])) == (4, [])
    cursor, seen = "", list[str]()
    while True:
        page = (await people.get("/Users", params={"cursor": cursor, "count": "3"})).json()
        seen += [one["userName"] for one in page["Resources"]]
        if not (cursor := page.get("nextCursor", "")):
            break
    assert seen == _ALL


async def test_a_page_takes_as_many_statements_whatever_is_on_it(people: AsyncClient, queries: Queries) -> None:
    member = (await people.get("/Users")).json()["Resources"][0]["id"]
    for number in range(3):
        group = {"schemas": [GROUP], "displayName": f"G{number}", "members": [{"value": member}]}
        assert (await people.post("/Groups", json=group)).status_code == 201
    for path, statements in (("/Users", 4), ("/Groups", 4), ("/Groups?excludedAttributes=members", 3)):
        queries.clear()
        answer = await people.get(path)
        assert len(answer.json()["Resources"]) > 2
        assert len(queries) == statements, queries
    ids = {"filter": f'id eq "{member}" and members eq "{member}"'}
    assert (await people.get("/Groups", params=ids)).json()["totalResults"] == 0
    assert (await people.get("/Groups", params={"filter": f'members eq "{member}"'})).json()["totalResults"] == 3
