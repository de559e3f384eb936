"""A small client of the graph, for the commands that work through it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from studium.embedded.errors import CannotStart


class Refusal(CannotStart):
    """The graph refused an operation."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"The graph answered {code}: {message}.")
        self.code = code


@dataclass(frozen=True, slots=True)
class Graph:
    """The graph at a URL, asked by whoever holds `token`."""

    http: aiohttp.ClientSession
    url: str
    token: str | None = None

    async def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """The answer's `data`.

        Raises:
            CannotStart: nobody answers.
            Refusal: the answer holds an error.
        """
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            body = {"query": document, "variables": variables}
            async with self.http.post(self.url, json=body, headers=headers) as response:
                answer: dict[str, Any] = await response.json()
        except aiohttp.ClientError as error:
            raise CannotStart(f"The graph cannot be reached at {self.url}: {error}.") from error
        for error in answer.get("errors", ()):
            raise _refusal(error["message"], error.get("extensions", {}))
        return answer["data"]

    async def change(self, document: str, **variables: Any) -> dict[str, Any]:
        """The payload of a document's one mutation.

        Raises:
            Refusal: as `ask`, or the payload holds a user error.
        """
        (payload,) = (await self.ask(document, **variables)).values()
        for error in payload["userErrors"]:
            raise _refusal(error["message"], error)
        return payload


def _refusal(message: str, details: Mapping[str, Any]) -> Refusal:
    return Refusal(str(details.get("code", "an error")), message.rstrip("."))
