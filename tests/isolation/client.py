"""Asks the platform as anybody might, over any of its ways in, and sees what it does meanwhile."""

import re
import secrets
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
import orjson

from tests.isolation.graph import Operation
from tests.isolation.running import Address
from tests.patience import PATIENCE_SECONDS

_TENANTS: Final = re.compile(r"(?<=\bt_)[0-9a-f]{32}|(?<=\bstudium_content_)[0-9a-f]{32}")
_REGISTRY: Final = "control.tenant_directory"
"""It is remembered for a while by those who look there, and tells one tenant about itself alone."""
_SYSTEMS: Final = ("db.system.name", "db.system")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        status: of HTTP.
        text: the body as it came.
        trace: identifies what the platform did for it.
    """

    status: int
    text: str
    trace: str = ""

    @property
    def body(self) -> Any:
        return orjson.loads(self.text)


def open_http() -> aiohttp.ClientSession:
    """Connections of which none is reused in the moment in which it is closed over there."""
    timeout = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
    return aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(force_close=True))


@dataclass(frozen=True, slots=True)
class Client:
    """Asks the router, or a subgraph behind it."""

    http: aiohttp.ClientSession
    address: Address

    async def ask(self, operation: Operation, token: str | None, *, traced: bool = False) -> Answer:
        """Over HTTP, as whoever holds `token`."""
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        return await self._post(f"http://{self.address.router}/graphql", operation, headers, traced=traced)

    async def ask_subgraph(
        self, name: str, operation: Operation, headers: Mapping[str, str], *, traced: bool = False
    ) -> Answer:
        """Past the router."""
        return await self._post(f"http://{self.address.subgraphs}/{name}/graphql", operation, headers, traced=traced)

    async def data(self, query: str, token: str | None, **variables: Any) -> Any:
        """The data of an answer that must be without errors."""
        answer = await self.ask(Operation(query, variables), token)
        assert "errors" not in answer.body, answer.text
        return answer.body["data"]

    async def _post(self, url: str, operation: Operation, headers: Mapping[str, str], *, traced: bool) -> Answer:
        trace = secrets.token_hex(16)
        sent = {**headers, "traceparent": f"00-{trace}-{secrets.token_hex(8)}-{traced:02x}"}
        body = {"query": operation.query, "variables": operation.variables}
        async with self.http.post(url, json=body, headers=sent) as response:
            return Answer(response.status, await response.text(), trace)


@dataclass
class Spans:
    """The platform's spans, by the trace they belong to; read from the file that it writes them to."""

    path: Path
    _read: int = 0
    _work: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter[str]))
    _tenants: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set[str]))

    def work(self, trace: str) -> Counter[str]:
        """The statements that were sent to databases for a request, and how often.

        That is what an answer's time depends on and, other than the time, it is the same on every machine.
        """
        self._look()
        return self._work[trace]

    def tenants(self, trace: str) -> set[str]:
        """The tenants, as hexadecimal digits, whose schemas and databases were named in them."""
        self._look()
        return self._tenants[trace]

    def _look(self) -> None:
        with self.path.open("rb") as file:
            file.seek(self._read)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._read += len(line)
                self._note(line)

    def _note(self, line: bytes) -> None:
        span = orjson.loads(line)
        attributes: dict[str, Any] = span["attributes"]
        system = next((attributes[name] for name in _SYSTEMS if name in attributes), None)
        if system not in {"postgresql", "mongodb"}:
            return
        trace = span["trace"]
        text = str(attributes.get("db.query.text") or f"{span['name']} {attributes.get('db.name')}")
        if _REGISTRY in text:
            return
        self._tenants[trace].update(_TENANTS.findall(text))
        self._work[trace][_TENANTS.sub("…", text)] += 1
