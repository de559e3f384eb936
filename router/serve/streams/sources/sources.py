"""The sources of one router that subscriptions may join."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Final

from router.serve.engine import Engine
from router.serve.errors import Refused
from router.serve.operation import Operation
from router.serve.request import GraphQLRequest
from router.serve.streams.revocation import Revocations
from router.serve.streams.settings import StreamSettings
from router.serve.streams.sources.key import Key, key_of
from router.serve.streams.sources.reader import Reader
from router.serve.streams.sources.source import Source
from router.serve.telemetry.sighting import SIGHTING

_NOBODY_LOOKS: Final = nullcontext()


class Sources:
    """Finds the one that gives a subscription's events, or opens it."""

    def __init__(self, settings: StreamSettings, revocations: Revocations) -> None:
        self._settings = settings
        self._revocations = revocations
        self._open: dict[Key, Source] = {}

    def __len__(self) -> int:
        """How many may be joined."""
        return len(self._open)

    def joined(
        self,
        operation: Operation,
        variables: Mapping[str, Any],
        cursor: str | None,
        reader: Reader,
    ) -> Source:
        """The source of a subscription, which its reader has joined.

        Who goes on after an event has a source to itself, as it is somewhere else than all others.

        Args:
            operation: what is asked.
            variables: coerced.
            cursor: of the event after which it goes on; None from now on.
            reader: who asks.
        """
        settings = self._settings
        key = None
        if settings.share and cursor is None:
            key = key_of(operation, variables, reader.context, settings.shared_fields)
        found = None if key is None else self._open.get(key)
        if found is None:
            found = Source(operation, variables, cursor, self._revocations, self._open)
            if key is not None:
                found.open_to(key)
        found.join(reader)
        return found


@dataclass(frozen=True, slots=True)
class Subscription:
    """One client's subscription, not yet begun: the feed of a stream.

    Attributes:
        operation: the request's, prepared for whoever asks.
        cursor: of the event after which it goes on; None from now on.
    """

    engine: Engine
    sources: Sources
    operation: Operation
    request: GraphQLRequest
    cursor: str | None

    async def pour(self, reader: Reader) -> None:
        """Give its events to its reader, until the last one.

        Raises:
            Refused: as `Operation.charged` says, or the stream was ended.
        """
        operation, variables = self.operation, self.request.variables
        if reader.context.dry_run:
            await reader.put(operation.priced(variables).as_json())
            return
        coerced = await operation.charged(variables, reader.context)
        reader.cursor = self.cursor
        seen = SIGHTING.get()
        watching = reader.watching = None if seen is None else seen.watching(self.cursor)
        async with self.engine.judging(operation, variables, reader):
            with watching or _NOBODY_LOOKS:
                source = self.sources.joined(operation, coerced, self.cursor, reader)
                try:
                    errors = await reader.over
                finally:
                    await source.leave(reader)
        if errors is not None:
            raise Refused(errors)

    async def aclose(self) -> None:
        """There is nothing to close before it begins."""
