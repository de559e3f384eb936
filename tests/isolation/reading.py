"""Reading all that the graph shows somebody."""

from graphql import is_required_argument

from tests.isolation.client import Answer, Client
from tests.isolation.graph import Filler, Graph, Operation, Position, operation, type_of
from tests.isolation.harvest import Kinds

_AT_ONCE = 10


async def read_roots(
    client: Client, graph: Graph, token: str | None, *, depth: int = 6, lists: int = 3, traced: bool = False
) -> list[Answer]:
    """Ask every field at the root that can be asked without arguments, for all that it tells as deep as is asked."""
    answers: list[Answer] = []
    for name, one in graph.root("query").items():
        if not any(is_required_argument(each) for each in one.args.values()):
            everything = graph.selection(type_of(one), lists=lists, depth=depth)
            answers.append(
                await client.ask(Operation(f"query Read {{ {name}{everything} }}", {}), token, traced=traced)
            )
    return answers


async def read_each(client: Client, graph: Graph, token: str | None, kinds: Kinds) -> list[Answer]:
    """Ask every other one, for each identifier there is."""
    answers: list[Answer] = []
    for position in graph.positions:
        if position.kind == "query" and len(position.steps) == 1 and position.type_name == "ID":
            answers += await _each(client, graph, token, position, kinds)
    return answers


async def _each(client: Client, graph: Graph, token: str | None, position: Position, kinds: Kinds) -> list[Answer]:
    ids = list(dict.fromkeys(value for name, values in kinds.items() if name.endswith("id") for value in values))
    return [
        await client.ask(
            operation(graph, [(position, value) for value in ids[start : start + _AT_ONCE]], Filler(_nothing)), token
        )
        for start in range(0, len(ids), _AT_ONCE)
    ]


def _nothing(name: str, operation: str) -> None:
    """Whoever reads everything needs nothing of their own."""
