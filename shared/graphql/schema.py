"""The schema class of every subgraph."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from graphql import GraphQLError
from strawberry import Info
from strawberry.extensions import ParserCache, SchemaExtension, ValidationCache
from strawberry.federation import Schema
from strawberry.federation.schema import FederationAny
from strawberry.types.execution import ExecutionContext

from shared.graphql.entities import resolve_entities
from shared.graphql.field_spans import FieldSpans, spans_wanted
from shared.graphql.field_traces import FieldTraces, traces_wanted

_CACHED_DOCUMENTS = 1_000


class FederationSchema(Schema):
    """A Strawberry federation schema with our entities resolver and document caches."""

    def __init__(
        self,
        query: type | None = None,
        mutation: type | None = None,
        subscription: type | None = None,
        *,
        types: Iterable[type] = (),
    ) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType] Strawberry leaves a type argument open
            query=query,
            mutation=mutation,
            subscription=subscription,
            types=types,
            federation_version="2.11",
            extensions=[
                lambda: ParserCache(maxsize=_CACHED_DOCUMENTS),
                lambda: ValidationCache(maxsize=_CACHED_DOCUMENTS),
            ],
        )

    @cached_property
    def sdl(self) -> str:
        """The schema as text, which never changes and takes long to write."""
        return self.as_str()

    def get_extensions(self, sync: bool = False) -> list[SchemaExtension]:  # noqa: FBT001, FBT002  # Strawberry's own signature
        """Those of one operation."""
        extensions = super().get_extensions(sync)
        spans = spans_wanted()
        if spans is not None:
            extensions = [*extensions, FieldSpans(spans)]
        return [*extensions, FieldTraces()] if traces_wanted() else extensions

    async def entities_resolver(  # pyright: ignore[reportIncompatibleMethodOverride] Strawberry awaits either kind
        self, info: Info, representations: list[FederationAny]
    ) -> list[FederationAny]:
        """Resolve `Query._entities`; Strawberry reads the arguments of the field from this signature."""
        references: list[Any] = list(representations)
        resolved: list[Any] = await resolve_entities(info, references)
        return resolved

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Log nothing here: the service logs the bugs (masking.py), and refusals are no news."""
