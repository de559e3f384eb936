"""Code made for a plan does exactly what reading the plan does, on every plan of the planner's cases."""

from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

import orjson
import pytest
from graphql import GraphQLSchema, NamedTypeNode, NonNullTypeNode, OperationDefinitionNode, get_operation_ast, parse

from router.compose import Composed, Subgraph, compose
from router.execute import Executor
from router.plan import Planner, PlanningError, QueryPlan
from router.plan.nodes import OperationKind
from router.supergraph import Supergraph
from tests.router.execute.generated.improvised import Improvised, Vocabulary
from tests.router.harness import HEADER
from tests.router.plan.test_cases import ALL, CASES, Case, sections

ODDITIES = (0.0, 0.0, 0.01, 0.01, 0.03, 0.03, 0.1, 0.3)
LIMITS = (500_000, 500_000, 500_000, 12, 30)
WIRED = 0.7
SEEDS = 3
"""A case. `make fuzz` has two hundred."""


@dataclass(frozen=True)
class Topic:
    """The subgraphs of a file of cases."""

    planner: Planner
    schema: GraphQLSchema
    vocabulary: Vocabulary
    names: frozenset[str]


@cache
def topic(name: str) -> Topic:
    """Composed once."""
    vocabulary = Vocabulary()
    subgraphs: list[Subgraph] = []
    for kind, title, content in sections((CASES / f"{name}.graphql").read_text("utf-8")):
        if kind == "subgraph":
            vocabulary.read(parse(content))
            subgraphs.append(Subgraph(title, "", content if "@link" in content else HEADER + content))
    composed = compose(subgraphs)
    assert isinstance(composed, Composed)
    supergraph = Supergraph.from_sdl(composed.supergraph_sdl)
    return Topic(Planner(supergraph), supergraph.api_schema, vocabulary, frozenset(each.name for each in subgraphs))


def planned(case: Case) -> QueryPlan | None:
    """The plan of a case, if it has one."""
    try:
        return topic(case.topic).planner.plan(parse(case.operation), None)
    except PlanningError:
        return None


def variables_of(operation: OperationDefinitionNode, random: Random) -> dict[str, Any]:
    """Some value for each variable."""
    values: dict[str, Any] = {}
    for each in operation.variable_definitions or ():
        type_ = each.type.type if isinstance(each.type, NonNullTypeNode) else each.type
        name = type_.name.value if isinstance(type_, NamedTypeNode) else ""
        values[each.variable.name.value] = random.random() < 0.5 if name == "Boolean" else 1
    return values


async def answered(
    case: Case, plan: QueryPlan, compile_after: int | None, seed: int
) -> tuple[list[bytes], list[str], list[str]]:
    """The responses, the requests, and what the plan was executed with."""
    random = Random(seed)
    graph = topic(case.topic)
    subgraphs = Improvised(graph.vocabulary, seed, random.choice(ODDITIES), wired=random.random() < WIRED)
    limit = random.choice(LIMITS)
    executor = Executor(
        plan, dict.fromkeys(graph.names, subgraphs), graph.schema, max_objects=limit, compile_after=compile_after
    )
    operation = get_operation_ast(parse(case.operation))
    assert operation is not None
    variables = variables_of(operation, random)
    if plan.kind is OperationKind.SUBSCRIPTION:
        responses = [each async for each in executor.subscribe(variables, {})]
    else:
        responses = [await executor.execute(variables, {}, raw=True)]
    texts = [orjson.dumps(orjson.loads(each.as_bytes())) for each in responses]
    return texts, sorted(subgraphs.asked), [f"{variables} {subgraphs.oddity} {limit}"]


async def require_agreement(case: Case, seeds: range) -> None:
    """Both answer alike, whatever the subgraphs do by these seeds."""
    plan = planned(case)
    if plan is not None:
        for seed in seeds:
            assert await answered(case, plan, 0, seed) == await answered(case, plan, None, seed), seed


@pytest.mark.parametrize(
    ("place", "case"),
    [pytest.param(place, case, id=f"{case.topic}: {case.sentence}") for place, case in enumerate(ALL)],
)
async def test_code_answers_as_the_plan_is_read(place: int, case: Case) -> None:
    """Each case has seeds of its own, so that all of them together see every kind of answer."""
    await require_agreement(case, range(place * SEEDS, (place + 1) * SEEDS))


@pytest.mark.parametrize("name", ["abstract_types", "conditions", "entities", "requires", "unions"])
async def test_answers_in_order_are_never_data(name: str) -> None:
    texts = 0
    for case in ALL:
        plan = planned(case) if case.topic == name else None
        if plan is not None and len(plan.fetches) > 1:
            subgraphs = Improvised(topic(name).vocabulary, 1, 0, wired=True)
            transports = dict.fromkeys(topic(name).names, subgraphs)
            executor = Executor(plan, transports, topic(name).schema, compile_after=0)
            operation = get_operation_ast(parse(case.operation))
            assert operation is not None
            response = await executor.execute(variables_of(operation, Random(1)), {}, raw=True)
            texts += response.raw is not None
    assert texts
