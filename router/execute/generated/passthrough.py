"""Answers of one subgraph that are the client's answer as they are: checked and written anew without ever being data.

The types of the projection become types of msgspec, whose decoder checks them while it reads. Whatever it does not
like, and every answer with errors or extensions, goes the usual way.
"""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from router.execute.generated.leaf_types import leaf_type
from router.execute.generated.misses import Misses
from router.execute.generated.source import Unsuitable
from router.execute.shapes import FieldShape, ListShape, ObjectShape, Shape
from router.plan.nodes import QueryPlan


@dataclass(slots=True)
class PassThrough:
    """Reads the responses of a plan's only fetch."""

    decoder: msgspec.json.Decoder[Any]
    encoder: msgspec.json.Encoder
    max_objects: int
    _misses: Misses = field(default_factory=Misses)

    @classmethod
    def of(cls, plan: QueryPlan, root: ObjectShape, max_objects: int) -> "PassThrough":
        """Make the types of a projection.

        Raises:
            Unsuitable: one fetch does not answer it all, or its answer is not the client's as it is.
        """
        if len(plan.fetches) != 1 or plan.introspection is not None:
            raise Unsuitable
        (fetch,) = plan.fetches
        if fetch.path or fetch.entities or fetch.when:
            raise Unsuitable
        response = msgspec.defstruct(
            "Response", [("data", object_type(root)), ("errors", None, None), ("extensions", None, None)], kw_only=True
        )
        return cls(msgspec.json.Decoder(response), msgspec.json.Encoder(), max_objects)

    def rewrite(self, body: bytes) -> bytes | None:
        """The client's data from the body of a subgraph's response; None if that takes more."""
        # There may be more objects than the answer may have: then they have to be counted.
        if body.count(b"{") + body.count(b",") > self.max_objects or not self._misses.is_worth_a_try():
            return None
        try:
            data = self.encoder.encode(self.decoder.decode(body).data)
        except (ValueError, RecursionError):
            self._misses.missed()
            return None
        self._misses.hit()
        return data


def object_type(shape: ObjectShape) -> Any:
    """The type of msgspec that admits what a shape admits as it is.

    Raises:
        Unsuitable: there is none.
    """
    keys = {each.key for each in shape.fields}
    if shape.type_name not in shape.possible or shape.unseen or len(keys) != len(shape.fields):
        raise Unsuitable
    fields = [_field(number, each) for number, each in enumerate(shape.of_type(shape.type_name))]
    return msgspec.defstruct("Object", fields, kw_only=True, gc=False)


def _field(number: int, each: FieldShape) -> tuple[str, Any, Any]:
    """Its name is made up: the client's key is data."""
    if each.when or each.key != each.source:
        raise Unsuitable
    type_ = _type(each.shape)
    if each.default is not None:
        return f"f{number}", type_, msgspec.field(name=each.key, default=each.default)
    if each.nullable:
        return f"f{number}", type_ | None, msgspec.field(name=each.key, default=None)
    return f"f{number}", type_, msgspec.field(name=each.key)


def _type(shape: Shape) -> Any:
    if isinstance(shape, ObjectShape):
        return object_type(shape)
    if isinstance(shape, ListShape):
        inner = _type(shape.of)
        return list[inner | None] if shape.nullable else list[inner]
    return leaf_type(shape)
