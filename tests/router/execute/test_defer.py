"""What is deferred comes later, each part when it is there, and never at the expense of the first answer."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing
from typing import Any, TypeAlias, cast

import pytest
from graphql import parse

from router.compose import Composed, Subgraph, compose
from router.execute import InProcessTransport, coerce_variables
from router.execute.incremental import IncrementalExecutor, IncrementalResponse
from router.plan import Planner
from router.supergraph import Supergraph
from tests.patience import PATIENCE_SECONDS
from tests.router.execute.increments import collect
from tests.router.harness import HEADER

CATALOG = f"""{HEADER}
type Query {{ course: Course courses: [Course]! strict: Course! }}
type Course @key(fields: "id") {{ id: ID! title: String! syllabus: String parts: [Part!] length: Length }}
type Length {{ hours: Int weeks: Int }}
type Part @key(fields: "id") {{ id: ID! name: String! }}
"""
ENROLMENT = f"""{HEADER}
type Course @key(fields: "id") {{ id: ID! seats: Int! waiting: Int }}
type Part @key(fields: "id") {{ id: ID! views: Int! likes: Int }}
"""
PEOPLE = f"""{HEADER}
type Query {{ people(limit: Int): [Person!]! }}
type Course @key(fields: "id") {{ id: ID! teacher: Person }}
type Person @key(fields: "id") {{ id: ID! name: String! }}
"""

Fields: TypeAlias = Mapping[str, Any]


class School:
    """Three subgraphs that answer as a test says.

    Attributes:
        roots: what the catalog's and people's root fields are.
        entities: fields of an object by subgraph and id; the answers' errors are under "errors".
        gates: a subgraph that has one answers when it opens.
        asked: in their order, the subgraphs and what they were sent.
    """

    def __init__(self) -> None:
        composed = compose(
            [
                Subgraph("catalog", "http://catalog", CATALOG),
                Subgraph("enrolment", "http://enrolment", ENROLMENT),
                Subgraph("people", "http://people", PEOPLE),
            ]
        )
        assert isinstance(composed, Composed), composed
        self._supergraph = Supergraph.from_sdl(composed.supergraph_sdl)
        self.roots: dict[str, Any] = {"course": course("1")}
        self.entities: dict[str, Callable[[str], Fields]] = {
            "catalog": course,
            "enrolment": lambda key: {"seats": int(key) * 10, "waiting": 0, "views": 5, "likes": 7},
            "people": lambda _: {"teacher": {"__typename": "Person", "id": "p", "name": "Ada"}},
        }
        self.errors: dict[str, list[dict[str, Any]]] = {}
        self.gates: dict[str, asyncio.Event] = {}
        self.asked: list[tuple[str, Mapping[str, Any], Mapping[str, str]]] = []
        self.cancelled: list[str] = []

    async def increments(self, query: str, *, max_objects: int = 1_000, **variables: Any) -> IncrementalResponse:
        document = parse(query)
        schema = self._supergraph.api_schema
        values = coerce_variables(schema, cast("Any", document.definitions[0]), variables)
        plan = Planner(self._supergraph).plan(
            document, None, deferring=frozenset(k for k, v in values.items() if v is True)
        )
        transports = {name: InProcessTransport(self._subgraph(name)) for name in self.entities}
        executor = IncrementalExecutor(plan, transports, schema, max_objects=max_objects)
        return await executor.execute(values, {"authorization": "Bearer x"})

    async def updates(self, query: str, **variables: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The first answer and the updates, in the specification's format."""
        response = await self.increments(query, **variables)
        return response.as_json(), [update.as_json() async for update in response.updates]

    def _subgraph(self, name: str) -> Callable[..., Any]:
        async def execute(query: str, variables: Fields | None, _: str | None, headers: Mapping[str, str]) -> Any:
            self.asked.append((name, variables or {}, headers))
            gate = self.gates.get(name)
            try:
                if gate is not None:
                    await gate.wait()
            except asyncio.CancelledError:
                self.cancelled.append(name)
                raise
            return self._answer(name, query, variables or {})

        return execute

    def _answer(self, name: str, query: str, variables: Fields) -> dict[str, Any]:
        sent: list[dict[str, Any]] | None = variables.get("representations")
        data = dict(self.roots) if sent is None else {"_entities": [self.entities[name](each["id"]) for each in sent]}
        errors = self.errors.get(name)
        return {"data": data, **({"errors": errors} if errors else {})}


def course(key: str) -> dict[str, Any]:
    """A course with two parts."""
    parts = [{"__typename": "Part", "id": f"{key}{n}", "name": f"Part {n}"} for n in "12"]
    return {"__typename": "Course", "id": key, "title": f"Course {key}", "syllabus": "Much.", "parts": parts}


@pytest.fixture
def school() -> School:
    return School()


class TestDelivery:
    async def test_the_first_answer_does_not_wait(self, school: School) -> None:
        school.gates["enrolment"] = asyncio.Event()
        response = await school.increments('{ course { title ... @defer(label: "seats") { seats } } }')
        assert response.as_json() == {
            "data": {"course": {"title": "Course 1"}},
            "pending": [{"id": "0", "path": ["course"], "label": "seats"}],
            "hasNext": True,
        }
        school.gates["enrolment"].set()
        assert [update.as_json() async for update in response.updates] == [
            {"incremental": [{"id": "0", "data": {"seats": 10}}], "completed": [{"id": "0"}], "hasNext": False}
        ]

    async def test_nothing_deferred_is_asked_for_before_the_first_answer(self, school: School) -> None:
        response = await school.increments("{ course { title ... @defer { seats } } }")
        assert [name for name, *_ in school.asked] == ["catalog"]
        await collect(response)
        assert [name for name, *_ in school.asked] == ["catalog", "enrolment"]

    async def test_what_is_there_first_comes_first(self, school: School) -> None:
        school.gates["enrolment"] = asyncio.Event()
        query = '{ course { id ... @defer(label: "slow") { seats } ... @defer(label: "fast") { teacher { name } } } }'
        response = await school.increments(query)
        async with asyncio.timeout(PATIENCE_SECONDS), aclosing(response.updates) as updates:
            assert [each.pending.label for each in (await anext(updates)).delivered] == ["fast"]
            school.gates["enrolment"].set()
            assert [each.pending.label for each in (await anext(updates)).delivered] == ["slow"]

    async def test_each_item_of_a_list_has_its_own_payload(self, school: School) -> None:
        school.roots = {"courses": [course("1"), None, course("3")]}
        response = await school.increments('{ courses { id ... @defer(label: "s") { seats } } }')
        assert response.as_json_2022() == {"data": {"courses": [{"id": "1"}, None, {"id": "3"}]}, "hasNext": True}
        assert [update.as_json_2022() async for update in response.updates] == [
            {
                "incremental": [
                    {"data": {"seats": 10}, "path": ["courses", 0], "label": "s"},
                    {"data": {"seats": 30}, "path": ["courses", 2], "label": "s"},
                ],
                "hasNext": False,
            }
        ]

    async def test_fields_below_what_came_first_say_where_they_belong(self, school: School) -> None:
        first, updates = await school.updates("{ course { parts { id } ... @defer { parts { views } } } }")
        assert first["pending"] == [{"id": "0", "path": ["course"]}]
        assert updates[0]["incremental"] == [
            {"id": "0", "subPath": ["parts", 0], "data": {"views": 5}},
            {"id": "0", "subPath": ["parts", 1], "data": {"views": 5}},
        ]

    async def test_without_an_object_there_is_nothing_to_wait_for(self, school: School) -> None:
        school.roots = {"course": None}
        first, updates = await school.updates("{ course { title ... @defer { seats } } }")
        assert first == {"data": {"course": None}}
        assert updates == []

    @pytest.mark.parametrize("deferring", [True, False])
    async def test_a_variable_decides_what_is_deferred(self, school: School, deferring: bool) -> None:  # noqa: FBT001 - a parameter
        query = "query ($d: Boolean!) { course { title ... @defer(if: $d) { seats } } }"
        response = await school.increments(query, d=deferring)
        assert response.has_next is deferring
        assert await collect(response) == ({"course": {"title": "Course 1", "seats": 10}}, [])

    @pytest.mark.parametrize("shown", [True, False])
    async def test_a_fragment_that_is_left_out_is_not_announced(self, school: School, shown: bool) -> None:  # noqa: FBT001 - a parameter
        query = "query ($s: Boolean!) { course { title ... @defer { seats @include(if: $s) } } }"
        response = await school.increments(query, s=shown)
        assert response.has_next is shown
        await collect(response)
        assert len(school.asked) == (2 if shown else 1)

    async def test_variables_and_headers_reach_later_fetches(self, school: School) -> None:
        school.roots = {"people": []}
        query = "query ($n: Int) { ... @defer { people(limit: $n) { name } } }"
        assert await collect(await school.increments(query, n=3)) == ({"people": []}, [])
        assert school.asked == [("people", {"n": 3}, {"authorization": "Bearer x"})]


class TestFragmentsWithinFragments:
    QUERY = '{ course { id ... @defer(label: "outer") { seats ... @defer(label: "inner") { teacher { name } } } } }'

    async def test_the_inner_one_is_announced_when_the_outer_one_is_there(self, school: School) -> None:
        first, updates = await school.updates(self.QUERY)
        assert [each["label"] for each in first["pending"]] == ["outer"]
        announced = [each["label"] for update in updates for each in update.get("pending", ())]
        assert announced == ["inner"]

    async def test_the_inner_one_waits_although_it_is_ready(self, school: School) -> None:
        outer = school.gates["enrolment"] = asyncio.Event()

        def answer_and_open(_: str) -> Fields:
            outer.set()
            return {"teacher": {"__typename": "Person", "id": "p", "name": "Ada"}}

        school.entities["people"] = answer_and_open
        _, updates = await school.updates(self.QUERY)
        labels = {"0": "outer", "1": "inner"}
        delivered = [labels[each["id"]] for update in updates for each in update.get("incremental", ())]
        assert delivered == ["outer", "inner"]

    async def test_if_the_outer_one_fails_nothing_is_said_of_the_inner_one(self, school: School) -> None:
        school.entities["enrolment"] = lambda _: {"seats": None}
        first, updates = await school.updates(self.QUERY)
        assert first["data"] == {"course": {"id": "1"}}
        assert [update.get("incremental") for update in updates] == [None]
        assert updates[0]["completed"][0]["errors"][0]["path"] == ["course", "seats"]
        assert updates[0]["hasNext"] is False

    async def test_what_two_fragments_have_in_common_comes_once(self, school: School) -> None:
        query = (
            '{ course { ... @defer(label: "a") { seats title } ... @defer(label: "b") { seats teacher { name } } } }'
        )
        response = await school.increments(query)
        data, errors = await collect(response)
        assert errors == []
        assert data == {"course": {"seats": 10, "title": "Course 1", "teacher": {"name": "Ada"}}}

    async def test_fragments_that_share_what_fails_fail_together(self, school: School) -> None:
        school.entities["enrolment"] = lambda _: {"seats": None}
        query = '{ course { id ... @defer(label: "a") { seats title } ... @defer(label: "b") { seats } } }'
        _, updates = await school.updates(query)
        completed = [each for update in updates for each in update["completed"]]
        assert [each["errors"][0]["path"] for each in completed] == [["course", "seats"]] * 2
        assert all("incremental" not in update for update in updates)


class TestErrors:
    async def test_null_goes_no_further_than_the_fragment(self, school: School) -> None:
        school.roots = {"strict": course("1")}
        school.entities["enrolment"] = lambda _: {"seats": None}
        response = await school.increments('{ strict { id ... @defer(label: "s") { seats } } }')
        assert response.initial.errors == []
        (update,) = [update async for update in response.updates]
        error = {
            "message": "Cannot return null for non-nullable field Course.seats.",
            "path": ["strict", "seats"],
            "extensions": {"code": "NON_NULL_VIOLATION"},
        }
        assert update.as_json() == {"completed": [{"id": "0", "errors": [error]}], "hasNext": False}
        assert update.as_json_2022() == {
            "incremental": [{"data": None, "path": ["strict"], "label": "s", "errors": [error]}],
            "hasNext": False,
        }

    async def test_an_error_comes_with_the_field_it_concerns(self, school: School) -> None:
        school.entities["enrolment"] = lambda _: {"waiting": None}
        school.errors["enrolment"] = [{"message": "No.", "path": ["_entities", 0, "waiting"]}]
        first, (update,) = await school.updates("{ course { title ... @defer { waiting } } }")
        assert "errors" not in first
        (payload,) = update["incremental"]
        assert payload["data"] == {"waiting": None}
        assert [(each["message"], each["path"]) for each in payload["errors"]] == [("No.", ["course", "waiting"])]

    async def test_what_comes_with_its_object_has_its_errors_later_all_the_same(self, school: School) -> None:
        school.roots["course"]["length"] = {"hours": None, "weeks": 3}
        school.errors["catalog"] = [{"message": "No.", "path": ["course", "length", "hours"]}]
        first, (update,) = await school.updates("{ course { length { weeks ... @defer { hours } } } }")
        assert first["data"] == {"course": {"length": {"weeks": 3}}}
        assert "errors" not in first
        (payload,) = update["incremental"]
        assert payload["data"] == {"hours": None}
        assert [each["path"] for each in payload["errors"]] == [["course", "length", "hours"]]

    async def test_a_subgraph_that_fails_costs_each_object_its_fragment(self, school: School) -> None:
        school.roots = {"courses": [course("1"), course("2")]}
        school.entities["enrolment"] = lambda _: cast("Any", "nonsense")
        first, (update,) = await school.updates("{ courses { id ... @defer { seats } } }")
        assert first["data"] == {"courses": [{"id": "1"}, {"id": "2"}]}
        errors = [error for each in update["completed"] for error in each["errors"]]
        assert [error["path"] for error in errors] == [["courses", 0], ["courses", 1]]
        assert {error["extensions"]["code"] for error in errors} == {"SUBGRAPH_MALFORMED_RESPONSE"}

    async def test_an_object_that_had_to_become_null_gets_nothing_more(self, school: School) -> None:
        school.roots = {"courses": [course("1"), course("2")]}
        school.roots["courses"][0]["title"] = None
        first, updates = await school.updates("{ courses { title parts { ... @defer { views } } } }")
        assert first["data"]["courses"][0] is None
        assert {each["path"][1] for each in first["pending"]} == {1}
        assert {each["id"] for each in updates[-1]["completed"]} == {each["id"] for each in first["pending"]}

    async def test_more_objects_than_allowed_end_what_is_to_come(self, school: School) -> None:
        school.roots = {"courses": [course(str(n)) for n in range(10)]}
        query = "{ courses { id ... @defer { parts { name } } } }"
        first, updates = await school.updates(query, max_objects=15)
        assert len(first["data"]["courses"]) == 10
        errors = [error for update in updates for each in update["completed"] for error in each.get("errors", ())]
        assert {each["extensions"]["code"] for each in errors} == {"OPERATION_TOO_COMPLEX"}
        assert updates[-1]["hasNext"] is False


class TestStopping:
    async def test_closing_stops_what_is_under_way(self, school: School) -> None:
        school.gates["enrolment"] = asyncio.Event()
        query = "{ course { id ... @defer { seats } ... @defer { teacher { name } } } }"
        response = await school.increments(query)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await anext(response.updates)
            assert school.cancelled == []
            await response.updates.aclose()
        assert school.cancelled == ["enrolment"]

    async def test_what_is_never_read_is_never_fetched(self, school: School) -> None:
        response = await school.increments("{ course { id ... @defer { seats } } }")
        await response.updates.aclose()
        assert [name for name, *_ in school.asked] == ["catalog"]
