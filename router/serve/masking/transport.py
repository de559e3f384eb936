"""A transport whose errors are masked before anybody sees them."""

import logging
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from itertools import islice
from typing import Any, Final, cast
from uuid import uuid4

from router.execute.errors import DOWNSTREAM_CODE, MAX_ERRORS
from router.execute.json import JSONObject
from router.execute.transport.base import SubgraphRequest, SubgraphResponse, Transport
from router.serve.masking.config import ErrorPolicy, Masking
from router.serve.masking.internals import Inspection
from router.serve.telemetry.client_values import client_values, cut
from router.serve.telemetry.redaction import without_values
from router.serve.telemetry.sighting import SIGHTING

logger = logging.getLogger(__name__)

MESSAGE: Final = "The subgraph failed to answer this."

LOGGED: Final = 5
"""Messages of one answer that are logged: a list of a thousand objects may fail a thousand times alike."""

LONGEST_LOGGED: Final = 2_000
"""Characters of each."""

_CODE: Final = re.compile(r"[A-Za-z][\w.-]{0,63}")
"""What is a code rather than a text."""


class MaskingTransport:
    """Around any transport to one subgraph. Answers without errors pass as they are."""

    def __init__(self, inner: Transport, subgraph: str, policy: ErrorPolicy) -> None:
        self.inner = inner
        self._subgraph = subgraph
        self._all = policy.of(subgraph) is Masking.ALL
        self._codes = frozenset(policy.codes)
        self._extensions = frozenset(policy.extensions)

    async def fetch(self, request: SubgraphRequest) -> SubgraphResponse:
        response = await self.inner.fetch(request)
        return self._masked(response) if response.errors else response

    async def subscribe(self, request: SubgraphRequest) -> AsyncGenerator[SubgraphResponse]:
        async with aclosing(self.inner.subscribe(request)) as events:
            async for event in events:
                yield self._masked(event) if event.errors else event

    async def aclose(self) -> None:
        await self.inner.aclose()

    def _masked(self, response: SubgraphResponse) -> SubgraphResponse:
        """The response whose masked errors have an id, all of them the same, that the log has as well.

        It has no more errors than clients are told of.
        """
        id_ = str(uuid4())
        inspection = Inspection()
        errors = response.errors[:MAX_ERRORS]
        shown = tuple(self._shown(error, id_, inspection) for error in errors)
        hidden = [error for error, each in zip(errors, shown, strict=True) if each["message"] is MESSAGE]
        if hidden:
            self._log(id_, hidden)
        return replace(response, errors=shown)

    def _shown(self, error: Mapping[str, Any], id_: str, inspection: Inspection) -> Mapping[str, Any]:
        given: Any = error.get("extensions")
        extensions = cast("JSONObject", given) if isinstance(given, dict) else {}
        code = extensions.get("code")
        meant = not self._all or (isinstance(code, str) and code in self._codes)
        hidden = not meant or inspection.finds(error["message"])
        wanted = self._extensions if hidden else extensions.keys()
        kept = {
            name: value for name, value in extensions.items() if name in wanted and not inspection.finds({name: value})
        }
        if not hidden:
            return {**error, "extensions": kept}
        kept["code"] = code if isinstance(code, str) and _CODE.fullmatch(code) else DOWNSTREAM_CODE
        place = {"path": error["path"]} if "path" in error else {}
        return {"message": MESSAGE, **place, "extensions": {**kept, "id": id_}}

    def _log(self, id_: str, hidden: Sequence[Mapping[str, Any]]) -> None:
        seen = SIGHTING.get()
        values = [] if seen is None else client_values(seen)
        messages = dict.fromkeys(cut(each["message"], LONGEST_LOGGED, values) for each in islice(hidden, LOGGED))
        what = "\n".join(map(without_values, messages))
        logger.error("Error %s of subgraph %s (%d in one answer): %s", id_, self._subgraph, len(hidden), what)


class InvalidMasking(ValueError):
    """A policy says something of a subgraph that there is not: another one would show more than is meant."""


def masking(transports: Mapping[str, Transport], policy: ErrorPolicy) -> dict[str, Transport]:
    """The transports, with errors masked where the policy says so.

    Raises:
        InvalidMasking: it names a subgraph that there is not.
    """
    unknown = sorted(set(policy.subgraphs) - set(transports))
    if unknown:
        raise InvalidMasking(f"errors.subgraphs: there is no subgraph {unknown[0]}; there are {', '.join(transports)}.")
    return {
        name: each if policy.of(name) is Masking.NONE else MaskingTransport(each, name, policy)
        for name, each in transports.items()
    }
