"""A directive with a field set, where it stands."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from router.compose.model import Applied, CompositeType, Field, FieldsType
from router.compose.subgraph import SubgraphSchema
from router.federation.errors import CompositionError, ErrorCode, locations
from router.federation.type_ref import base_name
from router.federation.values import print_value

Meaning = Literal["key", "requires", "provides"]
_SHOWN = 500  # characters of a field set that a message quotes


@dataclass(frozen=True)
class Application:
    """One `@key`, `@requires` or `@provides`."""

    subgraph: SubgraphSchema
    meaning: Meaning
    applied: Applied
    owner: FieldsType
    """The type with the key, or the type of the field."""
    field: Field | None
    """The field it stands on; None for a key."""
    start: CompositeType
    """The type the field set is about."""

    def error(self, suffix: str, message: str) -> CompositionError:
        """The error whose code is the directive's name and `suffix`."""
        where = self.owner.name if self.field is None else self.field.coordinate
        return CompositionError(
            ErrorCode(f"{self.meaning.upper()}_{suffix}"),
            f'@{self.applied.name}(fields: {self.shown}) on "{where}": {message}.',
            locations(self.applied.node),
        )

    @property
    def shown(self) -> str:
        fields = self.applied.arguments.get("fields")
        shown = print_value(fields)
        return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"


def applications(subgraph: SubgraphSchema, meaning: Meaning) -> Iterator[Application]:
    """Every application of the directive, leaving out provisions of what has no fields."""
    for type_ in subgraph.schema.with_fields():
        if meaning == "key":
            for applied in type_.applied(meaning):
                yield Application(subgraph, meaning, applied, type_, None, type_)
            continue
        for field in type_.fields.values():
            for applied in field.applied(meaning):
                start = type_ if meaning == "requires" else subgraph.schema.composite(base_name(field.type))
                if start is not None:
                    yield Application(subgraph, meaning, applied, type_, field, start)
