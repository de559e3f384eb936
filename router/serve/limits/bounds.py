"""What clients may send, and what answering it may cost."""

from dataclasses import dataclass

from router.execute import MAX_OBJECTS


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what clients may send.

    Attributes:
        body_bytes: of an HTTP body or a WebSocket message.
        query_string_bytes: of the query string of a request by GET.
        characters: of a document.
        tokens: of a document.
        depth: of brackets within brackets in a document.
        operations: in a document.
        selections: fields of an operation, counted where fragments are spread.
        field_depth: fields within fields of an operation, through fragments.
        root_fields: keys that an operation's answer has at its root.
        aliases: of an operation, counted where fragments are spread.
        directives: of an operation, counted where fragments are spread.
        introspection: whether clients may ask for the schema; without it, what is wrong with a document or its
            variables is told by the names that the client has sent, and by no others.
        suggestions: whether errors suggest names of the schema.
        introspection_depth: lists of the schema within lists, through fragments.
        introspection_lists: of the schema that an operation asks for; each may be as long as the schema.
        variable_depth: lists and objects within each other in the variables.
        variable_values: in all variables together.
        objects: that an execution may describe to subgraphs or put into its answer, whatever was estimated.
        operation_seconds: that an operation, or the answer to one event, waits for subgraphs; what has not come by then
            is missing from the answer. None leaves it to the transports.
        validation_errors: reported for one document.
        planning_seconds: that planning an operation may take, waiting for others included.
    """

    body_bytes: int = 2_000_000
    query_string_bytes: int = 100_000
    characters: int = 250_000
    tokens: int = 15_000
    depth: int = 500
    operations: int = 100
    selections: int = 20_000
    field_depth: int = 32
    root_fields: int = 50
    aliases: int = 200
    directives: int = 500
    introspection: bool = True
    suggestions: bool = True
    introspection_depth: int = 2
    introspection_lists: int = 20
    variable_depth: int = 50
    variable_values: int = 50_000
    objects: int = MAX_OBJECTS
    operation_seconds: float | None = 30.0
    validation_errors: int = 20
    planning_seconds: float = 5.0

    @property
    def suggests(self) -> bool:
        """Whether clients are told names that they may have meant."""
        return self.introspection and self.suggestions
