"""The way from the router to a simulated subgraph: as over HTTP, without a network."""

import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import orjson

from router.execute.transport import SubgraphRequest, SubgraphResponse
from router.execute.transport.connection import Reply
from router.execute.transport.http import parse_reply
from tests.conformance.monolith.subgraphs import Simulated


class Direct:
    """A subgraph, called.

    Attributes:
        asked: the requests, each as its text and variables.
    """

    def __init__(self, subgraph: Simulated) -> None:
        self.subgraph = subgraph
        self.asked: list[tuple[str, str]] = []
        self._known: dict[tuple[str, str], bytes] = {}

    async def fetch(self, request: SubgraphRequest) -> SubgraphResponse:
        """Answers to queries are kept: the same is asked again by code that must do what other code does."""
        variables: Mapping[str, Any] = request.variables or {}
        asked = (request.query, json.dumps(variables, sort_keys=True))
        self.asked.append(asked)
        body = self._known.get(asked)
        if body is None:
            body = orjson.dumps(self.subgraph.answer(request.query, variables))
            if request.idempotent:
                self._known[asked] = body
        return parse_reply(request, Reply(200, body))

    def forget(self) -> None:
        """Begin anew, with another operation."""
        self._known.clear()

    async def subscribe(self, request: SubgraphRequest) -> AsyncGenerator[SubgraphResponse]:
        """Nothing ever happens."""
        for each in tuple[SubgraphResponse, ...]():
            yield each

    async def aclose(self) -> None:
        """Nothing to release."""
