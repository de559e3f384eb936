"""`python -m tests.bench.gateways.canned`: the four subgraphs, each answering what it knows from a dictionary.

What is asked for the first time is executed by graphql-core over the store's data; its answer is kept as ready bytes.
The port "count" tells how many requests there have been.
"""

from collections.abc import Callable, Coroutine
from typing import Any

import orjson

from tests.bench.gateways import http_server
from tests.bench.gateways.store import SUBGRAPHS, world
from tests.router.harness import Simulated


class Canned:
    """What the subgraphs have answered so far."""

    def __init__(self) -> None:
        data = world()
        self._subgraphs = {name: Simulated(name, sdl, data) for name, sdl in SUBGRAPHS.items()}
        self.requests = 0

    def subgraph(self, name: str) -> Callable[[bytes], bytes]:
        """The answers of one subgraph."""
        known: dict[bytes, bytes] = {}

        def answer(body: bytes) -> bytes:
            self.requests += 1
            found = known.get(body)
            if found is None:
                known[body] = found = http_server.reply(self._executed(name, body))
            return found

        return answer

    def count(self, _: bytes) -> bytes:
        """How many requests there have been."""
        return http_server.reply(str(self.requests).encode())

    def _executed(self, name: str, body: bytes) -> bytes:
        request = orjson.loads(body)
        response = self._subgraphs[name].execute(request["query"], request.get("variables"))
        return orjson.dumps(_at_once(response))


def _at_once(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("The subgraph waits for something.")


if __name__ == "__main__":
    canned = Canned()
    http_server.run({**{name: canned.subgraph(name) for name in SUBGRAPHS}, "count": canned.count})
